
var<private> channel_shifted = 0.0; // brightness comes after it, and asks for the range after it

// clip(x + d, least, most), both of the whole image: one d for all channels (Keras' apply_channel_shift). Word: d.
fn channel_shift(value: Pixel, at: u32, place: Place) -> Pixel {
  channel_shifted = drawn(at + 1u);
  let range = image_range(place);
  return clamp(value + channel_shifted, Pixel(range.x), Pixel(range.y));
}
