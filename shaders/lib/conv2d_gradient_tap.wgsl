
// A pixel of x, shifted by the padding: kernel element (kh, kw) connects it to y's (row - kh, column - kw), before dividing by the stride.
// `place` is its index in x, or `nowhere`. Pixels are counted by position and then by image, so that those of a tile reach the border
// together and skip the pixels beyond it.
struct Pixel { image: u32, row: u32, column: u32, place: u32, }

const nowhere = 0xffffffffu;

fn pixel_at(index: u32) -> Pixel {
  let pixels = batch * in_height * in_width;
  let at = min(index, pixels - 1u);
  let image = at % batch;
  let inside = at / batch;
  let place = select(nowhere, image * in_height * in_width + inside, index < pixels);
  return Pixel(image, inside / in_width + pad_top, inside % in_width + pad_left, place);
}

// The position at which a pixel reads dy for one kernel element, `down` rows and `right` columns from the kernel's corner: the index of the
// first channel, or `outside`.
const outside = 0x3fff0000u;

// Conditions are joined by &, which causes no branches: some compilers fail on branches that are unrolled over eight pixels.
fn tap(p: Pixel, down: u32, right: u32) -> u32 {
#if ${strided}
  let row = (p.row - down) / stride_y;
  let column = (p.column - right) / stride_x;
  let whole = (row * stride_y + down == p.row) & (column * stride_x + right == p.column);
  let inside = whole & (p.row >= down) & (p.column >= right) & (row < out_height) & (column < out_width);
#else
  // Positions below zero wrap around to far beyond the last row.
  let row = p.row - down;
  let column = p.column - right;
  let inside = (row < out_height) & (column < out_width);
#endif
  return select(outside, ((p.image * out_height + row) * out_width + column) * (out_channels / channels_a_load), inside);
}

fn load_dy(tap: u32, step: u32) -> ${load} {
  return select(${dy}[tap + step], ${load}(), tap == outside);
}
