
// Words: for each output channel, the index of its source channel.
fn random_channel_permutation(value: Pixel, at: u32, place: Place) -> Pixel {
#if ${planar}
  return pixel_at(place.column, place.row, Place(place.column, place.row, place.slot, u32(drawn(at + 1u + place.channel))));
#else
  var result = value;
  for (var c = 0u; c < channels; c++) { result[c] = value[u32(drawn(at + 1u + c))]; }
  return result;
#endif
}
