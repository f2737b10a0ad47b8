
// sum of w(k) x(. + k) / sum of w(k), w(k) = exp(-k^2 / (2 sigma^2)), for k up to `reach` columns and rows away.
// Word: sigma.
fn gaussian_blur(value: Pixel, at: u32, place: Place, reach: vec2i) -> Pixel {
  let falling = -0.5 / (drawn(at + 1u) * drawn(at + 1u));
  var sum = Pixel(0.0);
  var weights = 0.0;
  for (var down = -reach.y; down <= reach.y; down++) {
    let row = mirrored(i32(place.row) + down, i32(height) - 1);
    for (var right = -reach.x; right <= reach.x; right++) {
      let weight = exp(falling * f32(right * right + down * down));
      sum += weight * pixel_at(mirrored(i32(place.column) + right, i32(width) - 1), row, place);
      weights += weight;
    }
  }
  return sum / weights;
}

// torchvision's reflect padding, which does not repeat the outermost pixel.
fn mirrored(v: i32, last: i32) -> u32 {
  return u32(last - abs(last - abs(v)));
}
