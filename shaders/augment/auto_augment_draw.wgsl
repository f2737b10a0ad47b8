
// Both ops of the sub-policy that was drawn (word 1), each applied with its own probability, otherwise the identity. A row of the table has
// the op, its probability, and its magnitude with either sign.
fn auto_augment_draw(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, table: array<vec4f, 50>) {
  var rows = table;
  for (var i = 0u; i < 2u; i++) {
    let row = rows[2u * u32(drawn(at + 1u)) + i];
    let applied = unit(key, purpose + 2u * i) < row.y;
    let signed = select(row.z, row.w, chance(key, purpose + 2u * i + 1u, 0.5) == 1.0);
    keep(at + 2u + 2u * i, select(0.0, row.x, applied));
    keep(at + 3u + 2u * i, select(0.0, signed, applied));
  }
}
