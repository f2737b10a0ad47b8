
// Word: number of counterclockwise quarter turns.
fn random_rotate_90(at: u32, from_size: vec2f, to_size: vec2f) -> mat3x3f {
  return turn_about(0.5 * (from_size - 1.0), 90.0 * drawn(at + 1u));
}
