
fn invert(value: Pixel) -> Pixel {
  return 255.0 - value;
}

fn random_invert(value: Pixel, at: u32, place: Place) -> Pixel {
  return invert(value);
}
