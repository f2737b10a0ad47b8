
// Words: angle, translate x, translate y, scale, shear x, shear y.
fn random_affine(at: u32, from_size: vec2f, to_size: vec2f, centre: vec2f) -> mat3x3f {
  let shift = vec2f(drawn(at + 2u), drawn(at + 3u));
  return affine_about(centre, drawn(at + 1u), shift, drawn(at + 4u), vec2f(drawn(at + 5u), drawn(at + 6u)));
}
