
// b x, clipped to gray levels. Word: b.
fn brighten(value: Pixel, at: u32, place: Place) -> Pixel {
  return clamp(drawn(at + 1u) * value, Pixel(0.0), Pixel(255.0));
}
