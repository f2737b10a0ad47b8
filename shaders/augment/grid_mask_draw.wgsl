
// The fraction `ratio` of a unit's edge is kept, rounded up, but at least one pixel is kept and one masked. The product is reduced
// slightly, so that rounding does not add a pixel.
fn draw_grid_mask(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, units: vec2f, ratio: f32) {
  let d = whole(key, purpose, units.x, units.y);
  keep(at + 1u, d);
  keep(at + 2u, clamp(ceil(d * ratio - 0.001), 1.0, d - 1.0));
  keep(at + 3u, whole(key, purpose + 1u, 0.0, d - 1.0));
  keep(at + 4u, whole(key, purpose + 2u, 0.0, d - 1.0));
}
