
// The terms (kh,kw,channel) of the sum for a pixel, in quads, for lib/workgroup_tiles.wgsl and lib/split_sum.wgsl. ${summed} is the number of
// channels that are added up, and ${load_channels} reads four of them, or one if their number is not a multiple of four.
const channels_a_load = ${width}u;

fn term_count() -> u32 { return kernel_height * kernel_width * ${summed}; }

// The first of the quads of terms, and the one after the last.
fn terms(part: u32) -> vec2u { return vec2u(0u, (term_count() + 3u) / 4u); }

// One load of a pixel: number `step` of its terms, in loads.
fn load_terms(p: Pixel, step: u32) -> ${load} {
#if ${pointwise}
  return ${load_channels}(tap(p, 0u, 0u), step);
#else
  let element = step / (${summed} / channels_a_load);
  let kh = element / kernel_width;
  let kw = element % kernel_width;
  return ${load_channels}(tap(p, ${kh}, ${kw}), step % (${summed} / channels_a_load));
#endif
}

// Four terms of a pixel.
fn load_a(p: Pixel, term: u32) -> vec4f {
#if ${scalar}
  // A quad of terms may belong to two or more kernel elements, and the last one may end with terms that do not exist.
  var quad = vec4f();
%for k in 0..4
  if (4u * term + $ku < term_count()) { quad[$k] = load_terms(p, 4u * term + $ku); }
%end
  return quad;
#else
  return load_terms(p, term);
#endif
}
