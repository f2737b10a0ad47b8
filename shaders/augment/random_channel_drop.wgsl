
// Words: for each channel, whether it is dropped.
fn random_channel_drop(value: Pixel, at: u32, place: Place, fill: f32) -> Pixel {
#if ${planar}
  return select(value, fill, drawn(at + 1u + place.channel) != 0.0);
#else
  var result = value;
  for (var c = 0u; c < channels; c++) {
    if (drawn(at + 1u + c) != 0.0) { result[c] = fill; }
  }
  return result;
#endif
}
