
// Fifth word: the number that seeds the noise.
fn erase_with_noise(value: Pixel, at: u32, place: Place) -> Pixel {
  if (!is_erased(at, place)) { return value; }
  return 255.0 * first(noise(drawn(at + 5u), 51u, place));
}
