
// Words: the share of the pixels that are replaced, the share of white among those, the number that makes the noise. All channels
// of a pixel share its fate.
fn salt_and_pepper(value: Pixel, at: u32, place: Place) -> Pixel {
  let u = noise(drawn(at + 3u), 50u, Place(place.column, place.row, place.slot, 0u));
  return select(value, Pixel(select(0.0, 255.0, u.y < drawn(at + 2u))), u.x < drawn(at + 1u));
}
