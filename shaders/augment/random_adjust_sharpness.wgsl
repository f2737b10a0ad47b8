
// factor x + (1 - factor) (5 x + the sum of its eight neighbors) / 13; the outermost pixels do not change.
fn adjust_sharpness(value: Pixel, factor: f32, place: Place) -> Pixel {
  let inside = place.column > 0u && place.row > 0u && place.column + 1u < width && place.row + 1u < height;
  if (!inside) { return clamp(value, Pixel(0.0), Pixel(255.0)); }
  var sum = 4.0 * value;
  for (var row = place.row - 1u; row <= place.row + 1u; row++) {
    for (var column = place.column - 1u; column <= place.column + 1u; column++) {
      sum += pixel_at(column, row, place);
    }
  }
  return blend(value, sum / 13.0, factor);
}

// Word: the factor.
fn random_adjust_sharpness(value: Pixel, at: u32, place: Place) -> Pixel {
  return adjust_sharpness(value, drawn(at + 1u), place);
}
