
// A policy's op as a map of positions: the identity unless it moves pixels. Words: the op, then its magnitude: the tangent of a shear about
// the corner of the image, pixels to the right or down, or degrees counterclockwise about the center.
fn policy_map(at: u32, from_size: vec2f, to_size: vec2f, word: u32) -> mat3x3f {
  let magnitude = drawn(at + word + 1u);
  switch u32(drawn(at + word)) {
    case policy_shearX: { return affine(vec3f(1.0, magnitude, 0.5 * magnitude), vec3f(0.0, 1.0, 0.0)); }
    case policy_shearY: { return affine(vec3f(1.0, 0.0, 0.0), vec3f(magnitude, 1.0, 0.5 * magnitude)); }
    case policy_translateX: { return affine(vec3f(1.0, 0.0, -magnitude), vec3f(0.0, 1.0, 0.0)); }
    case policy_translateY: { return affine(vec3f(1.0, 0.0, 0.0), vec3f(0.0, 1.0, -magnitude)); }
    case policy_rotate: {
      let r = turn(magnitude);
      let middle = 0.5 * (from_size - 1.0);
      let x = vec2f(r.x, -r.y);
      let y = vec2f(r.y, r.x);
      return affine(vec3f(x, middle.x - dot(x, middle)), vec3f(y, middle.y - dot(y, middle)));
    }
    default: { return identity_map(); }
  }
}
