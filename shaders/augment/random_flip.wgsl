
fn random_flip(at: u32, from_size: vec2f, to_size: vec2f, horizontal: bool, vertical: bool) -> mat3x3f {
  return flip(horizontal, vertical, to_size);
}
