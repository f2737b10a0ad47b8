
// (x - mean) / divisor, of each channel over all training images.
fn featurewise(value: Pixel, at: u32, place: Place, mean: Pixel, divisor: Pixel) -> Pixel {
  return (value - mean) / divisor;
}
