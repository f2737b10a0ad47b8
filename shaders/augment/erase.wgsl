
// Words: top, left, height, width of a rectangle that may extend beyond the image.
fn is_erased(at: u32, place: Place) -> bool {
  let away = vec2f(f32(place.column) - drawn(at + 2u), f32(place.row) - drawn(at + 1u));
  return all(away >= vec2f()) && away.x < drawn(at + 4u) && away.y < drawn(at + 3u);
}

fn erase(value: Pixel, at: u32, place: Place, by: Pixel) -> Pixel {
  return select(value, by, is_erased(at, place));
}
