
// torchvision's RandomErasing.get_params: draws an area and an aspect ratio (height to width, log-uniform) until the rectangle fits into
// the image, at most ten times, and then its position. If no rectangle fits, nothing is erased.
fn draw_erasing(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, scale: vec2f, log_ratio: vec2f) {
  for (var i = 0u; i < 10u; i++) {
    let area = from_size.x * from_size.y * between(key, purpose + 2u * i, scale.x, scale.y);
    let ratio = exp(between(key, purpose + 2u * i + 1u, log_ratio.x, log_ratio.y));
    let size = round(sqrt(vec2f(area / ratio, area * ratio)));
    if (size.x >= from_size.x || size.y >= from_size.y) { continue; }
    keep(at + 1u, whole(key, purpose + 20u, 0.0, from_size.y - size.y));
    keep(at + 2u, whole(key, purpose + 21u, 0.0, from_size.x - size.x));
    keep(at + 3u, size.y);
    keep(at + 4u, size.x);
    return;
  }
}
