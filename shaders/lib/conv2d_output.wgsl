
// How conv2d_forward and its narrow form find the pixels of x, read w and write four output channels of y.

// Where the window of a pixel begins in x. With padding that can be outside, so row and column are kept and signed.
struct Pixel { at: i32, row: i32, column: i32, }

fn pixel_at(index: u32) -> Pixel {
#if ${pooled}
  let cell = min(index / 4u, batch * out_height * out_width - 1u);
  let image = cell / (out_width * out_height);
  let y_row = 2u * (cell / out_width % out_height) + index % 4u / 2u;
  let y_column = 2u * (cell % out_width) + index % 2u;
#else
  let pixel = min(index, batch * out_height * out_width - 1u);
  let image = pixel / (out_width * out_height);
  let y_row = pixel / out_width % out_height;
  let y_column = pixel % out_width;
#endif
  let row = i32(y_row * stride_y) - i32(pad_top);
  let column = i32(y_column * stride_x) - i32(pad_left);
  return Pixel(((i32(image * in_height) + row) * i32(in_width) + column) * i32(in_channels), row, column);
}

fn load_w(at: u32, co: u32) -> vec4f {
#if ${vec_out}
  return w[at / 4u];
#else
  let left = out_channels - co;
  return vec4f(w[at], select(0.0, w[at + 1u], left > 1u), select(0.0, w[at + 2u], left > 2u), select(0.0, w[at + 3u], left > 3u));
#endif
}

fn store(index: u32, co: u32, value: vec4f) {
  if (index >= batch * out_height * out_width || co >= out_channels) { return; }
  let at = index * out_channels + co;
#if ${vec_out}
  ${y}[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { ${y}[at + i] = value[i]; }
#endif
}

#if ${pooled}
// The first of the largest in row-major order wins, or a NaN.
fn store_winner(cell: u32, co: u32, a: vec4f, c: vec4f, d: vec4f, e: vec4f, shift: vec4f) {
  var best = a;
  var place = vec4u(0u);
  let second = wins(c, best);
  best = select(best, c, second);
  place = select(place, vec4u(1u), second);
  let third = wins(d, best);
  best = select(best, d, third);
  place = select(place, vec4u(2u), third);
  let fourth = wins(e, best);
  best = select(best, e, fourth);
  place = select(place, vec4u(3u), fourth);
  store(cell, co, activate(best + shift));
  if (cell < batch * out_height * out_width && co < out_channels) {
    argmax[(cell * out_channels + co) / 4u] = place.x | (place.y << 8u) | (place.z << 16u) | (place.w << 24u);
  }
}
#endif
