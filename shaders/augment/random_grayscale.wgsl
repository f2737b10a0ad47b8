
fn random_grayscale(value: Pixel, at: u32, place: Place) -> Pixel {
  return Pixel(gray(value));
}
