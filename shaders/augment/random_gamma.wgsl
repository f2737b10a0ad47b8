
// 255 gain (x / 255)^gamma
fn adjust_gamma(value: Pixel, gamma: f32, gain: f32) -> Pixel {
  let share = max(value, Pixel(0.0)) / 255.0;
  return clamp(255.0 * gain * pow(share, Pixel(gamma)), Pixel(0.0), Pixel(255.0));
}

// Words: gamma, gain.
fn random_gamma(value: Pixel, at: u32, place: Place) -> Pixel {
  return adjust_gamma(value, drawn(at + 1u), drawn(at + 2u));
}
