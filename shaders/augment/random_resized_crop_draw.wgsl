
// torchvision's RandomResizedCrop.get_params: draws a fraction of the area and an aspect ratio until the rectangle fits into the image, at
// most ten times; if none fits, the largest centered rectangle with an allowed ratio is used.
fn random_resized_crop_draw(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, scale: vec2f, log_ratio: vec2f, fallback: vec4f) {
  let area = from_size.x * from_size.y;
  var crop = fallback;
  for (var attempt = 0u; attempt < 10u; attempt++) {
    let target_area = area * between(key, purpose + 2u * attempt, scale.x, scale.y);
    let ratio = exp(between(key, purpose + 2u * attempt + 1u, log_ratio.x, log_ratio.y));
    let size = round(sqrt(target_area * vec2f(ratio, 1.0 / ratio))); // rounds half to even, like Python
    if (all(size >= vec2f(1.0)) && all(size <= from_size)) {
      let top = whole(key, purpose + 20u, 0.0, from_size.y - size.y);
      let left = whole(key, purpose + 21u, 0.0, from_size.x - size.x);
      crop = vec4f(top, left, size.y, size.x);
      break;
    }
  }
  for (var i = 0u; i < 4u; i++) { keep(at + 1u + i, crop[i]); }
}
