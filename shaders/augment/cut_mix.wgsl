
// Yun et al. 2019. Words: left, top, right and bottom of the box that comes from the partner, where right and bottom are one past its last
// pixels.
fn cut_mix(value: f32, other: f32, at: u32, pixel: vec2u) -> f32 {
  let place = vec2f(pixel);
  let low = vec2f(drawn(at + 1u), drawn(at + 2u));
  let high = vec2f(drawn(at + 3u), drawn(at + 4u));
  return select(value, other, all(place >= low) && all(place < high));
}

fn cut_mix_share(share: f32, at: u32, size: vec2f) -> f32 {
  let area = (drawn(at + 3u) - drawn(at + 1u)) * (drawn(at + 4u) - drawn(at + 2u));
  return share * (1.0 - area / (size.x * size.y));
}
