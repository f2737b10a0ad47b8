
// Four consecutive input channels of one kernel element: four rows of w.
struct Chunk { kh: u32, kw: u32, offset: u32, }

fn chunk_at(index: u32) -> Chunk {
  let tap = index / (in_channels / 4u);
#if ${dilated}
  let kh = tap / kernel_width * dilation_y;
  let kw = tap % kernel_width * dilation_x;
#else
  let kh = tap / kernel_width;
  let kw = tap % kernel_width;
#endif
  return Chunk(kh, kw, (kh * in_width + kw) * in_channels + index % (in_channels / 4u) * 4u);
}

fn load_x(n: u32, window: vec2u, chunk: Chunk) -> vec4f {
  let at = (((n * in_height + window.x) * in_width + window.y) * in_channels + chunk.offset) >> 2u;
#if ${padded}
  let inside = (window.x + chunk.kh < in_height) & (window.y + chunk.kw < in_width);
  return select(vec4f(), ${x}[at], inside);
#else
  return ${x}[at];
#endif
}
