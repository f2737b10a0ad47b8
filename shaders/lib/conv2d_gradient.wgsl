
// How conv2d_backward_w and its narrow form find the pixels of x, read four output channels of dy and write rows of dw and db.

// Where in x the window of pixel j of four begins: row and column, signed because of padding.
fn window(oy: u32, ox: u32, j: u32) -> vec2i {
#if ${pooled}
  let at = vec2u(2u * oy + j / 2u, 2u * ox + j % 2u);
#else
  let at = vec2u(oy, min(ox + j, out_width - 1u));
#endif
  return vec2i(at * vec2u(stride_y, stride_x)) - vec2i(i32(pad_top), i32(pad_left));
}

fn load_dy(at: u32, co: u32) -> vec4f {
#if ${vec_out}
  return ${dy}[at / 4u];
#else
  let left = out_channels - co;
  return vec4f(${dy}[at], select(0.0, ${dy}[at + 1u], left > 1u), select(0.0, ${dy}[at + 2u], left > 2u), select(0.0, ${dy}[at + 3u], left > 3u));
#endif
}

fn store(row: u32, part: u32, co: u32, value: vec4f) {
  let rows = kernel_height * kernel_width * in_channels;
  if (row >= rows || co >= out_channels) { return; }
  let at = (part * rows + row) * out_channels + co;
#if ${vec_out}
  dw[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { dw[at + i] = value[i]; }
#endif
}

#if ${stores_db}
fn store_db(part: u32, co: u32, value: vec4f) {
  let at = part * out_channels + co;
#if ${vec_out}
  db[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { db[at + i] = value[i]; }
#endif
}
#endif
