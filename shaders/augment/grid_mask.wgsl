
// Words: d, kept, offsetX, offsetY. Of each unit of d x d pixels the square after the first `kept` rows and columns is masked.
fn grid_mask(value: Pixel, at: u32, place: Place, by: Pixel) -> Pixel {
  let d = drawn(at + 1u);
  let away = vec2f(f32(place.column) - drawn(at + 3u), f32(place.row) - drawn(at + 4u)) + d;
  let within = away - d * floor((away + 0.5) / d);
  return select(value, by, all(within >= vec2f(drawn(at + 2u))));
}
