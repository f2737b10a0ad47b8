
// torchvision's _get_inverse_affine_matrix: the inverse of T R(angle) Shear(x, y) scale, about the middle of the image.
// Words: angle, translate x, translate y, scale, shear x, shear y.
fn random_affine(at: u32, from_size: vec2f, to_size: vec2f) -> mat3x3f {
  let shear_x = turn(drawn(at + 5u));
  let shear_y = turn(drawn(at + 6u));
  let turned = turn(drawn(at + 1u) - drawn(at + 6u));
  let tangent = shear_x.y / shear_x.x;
  let a = turned.x / shear_y.x;
  let b = -a * tangent - turn(drawn(at + 1u)).y;
  let c = turned.y / shear_y.x;
  let d = -c * tangent + turn(drawn(at + 1u)).x;
  let x = vec2f(d, -b) / drawn(at + 4u);
  let y = vec2f(-c, a) / drawn(at + 4u);
  let middle = 0.5 * (from_size - 1.0);
  let shifted = middle + vec2f(drawn(at + 2u), drawn(at + 3u));
  return affine(vec3f(x, middle.x - dot(x, shifted)), vec3f(y, middle.y - dot(y, shifted)));
}
