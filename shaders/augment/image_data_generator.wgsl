
// Keras' R(theta) T S(shear) Z about the center, flips after the warp (apply_affine_transform in
// keras/src/legacy/preprocessing/image.py), in closed form. Words: theta, tx, ty, shear, zx, zy, then the two flips.
// compat 0 takes center and shift from their own axes; compat 1 is current Keras, which takes both from the other axis; compat 2 is the
// last release of the old package, which works on (row, column) and rotates about a point one pixel beyond the center.
fn image_data_generator(at: u32, from_size: vec2f, to_size: vec2f, compat: u32) -> mat3x3f {
  let r = turn(drawn(at + 1u));
  let rs = turn(drawn(at + 1u) + drawn(at + 4u));
  let zoom = vec2f(drawn(at + 5u), drawn(at + 6u));
  let own = compat == 0u;
  let shift = select(vec2f(drawn(at + 2u), drawn(at + 3u)), vec2f(drawn(at + 3u), drawn(at + 2u)), own);
  let centre = 0.5 * select(from_size.yx, from_size, own) - 0.5;
  let x = vec2f(zoom.x * r.x, -zoom.y * rs.y); // of (column, row) in x_in
  let y = vec2f(zoom.x * r.y, zoom.y * rs.x);
  let warp = affine(
    vec3f(x, centre.x + shift.x * r.x - shift.y * r.y - dot(x, centre)),
    vec3f(y, centre.y + shift.x * r.y + shift.y * r.x - dot(y, centre)),
  );
  let flips = flip(drawn(at + 7u) != 0.0, drawn(at + 8u) != 0.0, to_size);
  if (compat != 2u) { return warp * flips; }
  let pivot = 0.5 * from_size.yx + 0.5; // (row, column)
  let down = pivot.x + drawn(at + 2u) * r.x - drawn(at + 3u) * r.y - dot(x, pivot);
  let right = pivot.y + drawn(at + 2u) * r.y + drawn(at + 3u) * r.x - dot(y, pivot);
  return affine(vec3f(y.yx, right), vec3f(x.yx, down)) * flips;
}
