
// A pixel of x, shifted by the padding: element (kh, kw) of the kernel brought it to y's (row - kh, column - kw), before the
// stride. `place` is its index in x, or nowhere. Pixels are counted image by image within a place, so that those of a tile
// meet the border together and skip what is beyond.
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

// Where a pixel reads dy at one element of the kernel, `down` rows and `right` columns from its corner: the index of the first
// channel, or outside.
const outside = 0x3fff0000u;

// Conditions are joined by &, which makes no branch: some compilers choke on branches that are unrolled over eight pixels.
fn tap(p: Pixel, down: u32, right: u32) -> u32 {
#if ${strided}
  let row = (p.row - down) / stride_y;
  let column = (p.column - right) / stride_x;
  let whole = (row * stride_y + down == p.row) & (column * stride_x + right == p.column);
  let inside = whole & (p.row >= down) & (p.column >= right) & (row < out_height) & (column < out_width);
#else
  // Below zero wraps around to what is far beyond the last row.
  let row = p.row - down;
  let column = p.column - right;
  let inside = (row < out_height) & (column < out_width);
#endif
  return select(outside, ((p.image * out_height + row) * out_width + column) * (out_channels / channels_a_load), inside);
}

fn load_dy(tap: u32, step: u32) -> ${load} {
  return select(${dy}[tap + step], ${load}(), tap == outside);
}
