
// Word: the threshold.
fn random_solarize(value: Pixel, at: u32, place: Place) -> Pixel {
  return select(value, 255.0 - value, value >= Pixel(drawn(at + 1u)));
}
