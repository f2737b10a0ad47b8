
// x - mean of the image, over all channels; then, if requested, / (standard deviation + 1e-6).
fn samplewise(value: Pixel, at: u32, place: Place, divide: bool) -> Pixel {
  let moments = image_moments(place);
  let centred = value - moments.x;
  return select(centred, centred / (sqrt(moments.y) + 1e-6), divide);
}
