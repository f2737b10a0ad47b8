
// Every set of the given number of channels is equally likely: each channel in turn is taken with probability (channels still needed) /
// (channels remaining) (Knuth, The Art of Computer Programming, 3.4.2, algorithm S).
fn draw_channel_drop(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, channels: u32, least: f32, most: f32) {
  var wanted = whole(key, purpose + channels, least, most);
  for (var c = 0u; c < channels; c++) {
    let taken = whole(key, purpose + c, 0.0, f32(channels - c - 1u)) < wanted;
    keep(at + 1u + c, select(0.0, 1.0, taken));
    wanted -= select(0.0, 1.0, taken);
  }
}
