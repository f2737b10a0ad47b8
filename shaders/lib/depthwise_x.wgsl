
// The channels of x that output channels co to co + 3 read; those after the last channel read it again.
fn channels_of(co: u32) -> vec4u {
  return min(vec4u(co, co + 1u, co + 2u, co + 3u), vec4u(channels * multiplier - 1u)) / multiplier;
}

// Column ix of a row of x that begins at pixel `row_of_x`, for four output channels; zero beyond the row's ends.
fn load_x(row_of_x: u32, ix: u32, c: vec4u) -> vec4f {
#if ${bounded}
  let at = (row_of_x + min(ix, in_width - 1u)) * channels;
  let inside = ix < in_width;
#else
  let at = (row_of_x + ix) * channels;
  let inside = true;
#endif
#if ${vec_in}
  return select(vec4f(), x[(at + c.x) / 4u], inside);
#else
  return select(vec4f(), vec4f(x[at + c.x], x[at + c.y], x[at + c.z], x[at + c.w]), inside);
#endif
}
