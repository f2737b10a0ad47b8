
// The terms (kh,kw,channel) of the sum for a pixel, in quads, for lib/workgroup_tiles.wgsl and lib/split_sum.wgsl. ${summed} is the number of
// channels that are added up, and ${load_quad} reads four of them.
const channels_a_load = 4u;

// The first of the quads of terms, and the one after the last.
fn terms(part: u32) -> vec2u { return vec2u(0u, kernel_height * kernel_width * ${summed} / 4u); }

// Four terms of a pixel.
fn load_a(p: Pixel, term: u32) -> vec4f {
#if ${pointwise}
  return ${load_quad}(tap(p, 0u, 0u), term);
#else
  let element = term / (${summed} / 4u);
  let kh = element / kernel_width;
  let kw = element % kernel_width;
  return ${load_quad}(tap(p, ${kh}, ${kw}), term % (${summed} / 4u));
#endif
}
