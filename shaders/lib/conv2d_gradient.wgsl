
// How conv2d_backward_w and its narrow form find the pixels of x and write rows of dw.

// Where in x the window of pixel j of four begins: row and column, signed because of padding.
fn window(oy: u32, ox: u32, j: u32) -> vec2i {
#if ${pooled}
  let at = vec2u(2u * oy + j / 2u, 2u * ox + j % 2u);
#else
  let at = vec2u(oy, min(ox + j, out_width - 1u));
#endif
  return vec2i(at * vec2u(stride_y, stride_x)) - vec2i(i32(pad_top), i32(pad_left));
}

// Four output channels of a row of dw; tiles that reach beyond the last row or channel store nothing there.
fn store(row: u32, part: u32, co: u32, value: vec4f) {
  let rows = kernel_height * kernel_width * in_channels;
  if (row >= rows || co >= out_channels) { return; }
  store_quad((part * rows + row) * out_channels + co, out_channels - co, value);
}
