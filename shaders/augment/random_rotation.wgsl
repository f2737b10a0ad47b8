
// Word: the angle; a positive angle rotates the image counterclockwise.
fn random_rotation(at: u32, from_size: vec2f, to_size: vec2f, centre: vec2f) -> mat3x3f {
  return turn_about(centre, drawn(at + 1u));
}
