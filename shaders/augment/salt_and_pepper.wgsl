
// Words: the fraction of pixels that are replaced, the fraction of white among those, the number that seeds the noise. All channels of a
// pixel are treated alike.
fn salt_and_pepper(value: Pixel, at: u32, place: Place) -> Pixel {
  let u = noise(drawn(at + 3u), 50u, Place(place.column, place.row, place.slot, 0u));
  return select(value, Pixel(select(0.0, 255.0, u.y < drawn(at + 2u))), u.x < drawn(at + 1u));
}
