
fn solarize(value: Pixel, threshold: f32) -> Pixel {
  return select(value, 255.0 - value, value >= Pixel(threshold));
}

// Word: the threshold.
fn random_solarize(value: Pixel, at: u32, place: Place) -> Pixel {
  return solarize(value, drawn(at + 1u));
}
