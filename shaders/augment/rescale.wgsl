
fn rescale(value: Pixel, at: u32, place: Place, factor: f32) -> Pixel {
  return factor * value;
}
