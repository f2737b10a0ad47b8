
// Zhang et al. 2018. Word: lambda, the weight of the image itself.
fn mix_up(value: f32, other: f32, at: u32, pixel: vec2u) -> f32 {
  return other + drawn(at + 1u) * (value - other);
}

fn mix_up_share(share: f32, at: u32, size: vec2f) -> f32 {
  return share * drawn(at + 1u);
}
