
// How conv2d_backward_w and its narrow form find the pixels of x, read dy and write rows of dw.

// The start in x of the window of pixel j of four: row and column, which wrap around below zero if there is padding.
fn window(oy: u32, ox: u32, j: u32) -> vec2u {
#if ${pooled}
  let at = vec2u(2u * oy + j / 2u, 2u * ox + j % 2u);
#else
  let at = vec2u(oy, min(ox + j, out_width - 1u));
#endif
  return at * vec2u(stride_y, stride_x) - vec2u(pad_top, pad_left);
}

// Four output channels of dy at four pixels, the first of which is (oy, ox), or of a pooled cell's window: one column per pixel, and
// their sum.
struct Four { columns: mat4x4f, sum: vec4f, }

fn four_dy(n: u32, oy: u32, ox: u32, co: u32, left: u32) -> Four {
  let at = ((n * out_height + oy) * out_width + ox) * out_channels + co;
#if ${pooled}
  let winner = load_quad(at, left);
  let word = argmax[at >> 2u];
  let place = vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
  let dy0 = select(vec4f(), winner, place == vec4u(0u));
  let dy1 = select(vec4f(), winner, place == vec4u(1u));
  let dy2 = select(vec4f(), winner, place == vec4u(2u));
  let dy3 = select(vec4f(), winner, place == vec4u(3u));
  return Four(mat4x4f(dy0, dy1, dy2, dy3), winner);
#else
  let dy0 = load_quad(at, left);
  let dy1 = select(vec4f(), load_quad(at + out_channels, left), ox + 1u < out_width);
  let dy2 = select(vec4f(), load_quad(at + 2u * out_channels, left), ox + 2u < out_width);
  let dy3 = select(vec4f(), load_quad(at + 3u * out_channels, left), ox + 3u < out_width);
  return Four(mat4x4f(dy0, dy1, dy2, dy3), dy0 + dy1 + dy2 + dy3);
#endif
}

// Four output channels of a row of dw; tiles that extend beyond the last row or channel store nothing there.
fn store(row: u32, part: u32, co: u32, value: vec4f) {
  let rows = kernel_height * kernel_width * in_channels;
  if (row >= rows || co >= out_channels) { return; }
  store_quad((part * rows + row) * out_channels + co, out_channels - co, value);
}
