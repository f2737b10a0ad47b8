
// The start in x of the window of a pixel of y. With padding it can be outside, so row and column are kept as signed numbers.
struct Pixel { at: i32, row: i32, column: i32, }

// Pixels after the last one repeat it.
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
