
var<private> channel_shifted = 0.0; // brightness is applied later and needs the range after this shift

// clip(x + d, least, most), where least and most are those of the whole image and d is the same for all channels (Keras'
// apply_channel_shift). Word: d.
fn channel_shift(value: Pixel, at: u32, place: Place) -> Pixel {
  channel_shifted = drawn(at + 1u);
  let range = image_range(place);
  return clamp(value + channel_shifted, Pixel(range.x), Pixel(range.y));
}
