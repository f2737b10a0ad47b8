
// Fisher-Yates shuffle: all permutations are equally likely.
fn draw_channel_permutation(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, channels: u32) {
  for (var c = 0u; c + 1u < channels; c++) {
    let other = u32(whole(key, purpose + c, f32(c), f32(channels - 1u)));
    let kept = drawn(at + 1u + other);
    keep(at + 1u + other, drawn(at + 1u + c));
    keep(at + 1u + c, kept);
  }
}
