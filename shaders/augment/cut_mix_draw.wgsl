
// The box of torchvision's CutMix: its center is anywhere in the image, and its area is 1 - lambda of the image before it is clipped at the
// border.
fn cut_mix_draw(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, alpha: f32) {
  let lambda = beta(key, purpose, alpha);
  let middle = floor(vec2f(unit(key, purpose + 1u), unit(key, purpose + 2u)) * to_size);
  let half = floor(0.5 * sqrt(1.0 - lambda) * to_size);
  let low = max(middle - half, vec2f());
  let high = min(middle + half, to_size);
  keep(at + 1u, low.x);
  keep(at + 2u, low.y);
  keep(at + 3u, high.x);
  keep(at + 4u, high.y);
}
