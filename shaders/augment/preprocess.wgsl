
fn preprocess(value: Pixel, at: u32, place: Place) -> Pixel {
  return preprocessing_function(value);
}
