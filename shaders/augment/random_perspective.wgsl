
// The homography that maps four corners back to those of the image, as in torchvision's perspective: its corners run from 0 to size - 1,
// although pixel centers are half a pixel further. Words: x and y of the corners top left, top right, bottom right, bottom left.
// It is the inverse of Heckbert's square to quadrilateral ("Fundamentals of Texture Mapping and Image Warping", 1989, 2.2.3),
// multiplied by its determinants: corners at whole pixels give integers, so nothing is lost to cancellation.
fn random_perspective(at: u32, from_size: vec2f, to_size: vec2f) -> mat3x3f {
  let origin = vec2f(drawn(at + 1u), drawn(at + 2u));
  let right = vec2f(drawn(at + 3u), drawn(at + 4u)) - origin;
  let far = vec2f(drawn(at + 5u), drawn(at + 6u)) - origin;
  let down = vec2f(drawn(at + 7u), drawn(at + 8u)) - origin;
  let flat = cross_2(right - far, down - far); // g and h of the inverse are 0 if the corners form a parallelogram
  let g = cross_2(far - right - down, down - far);
  let h = cross_2(right - far, far - right - down);
  let m = flat + g;
  let n = flat + h;
  let area = cross_2(right, down);
  // Rows of the inverse, for (x, y, 1) relative to the first corner.
  let last = from_size - 1.0;
  let x = last.x * flat * n * vec3f(down.y, -down.x, 0.0);
  let y = last.y * flat * m * vec3f(-right.y, right.x, 0.0);
  let depth = vec3f(m * right.y * h - n * down.y * g, n * down.x * g - m * right.x * h, m * n * area);
  let scale = 1.0 / max(abs(m * n * area), 1.0);
  let shifted = affine(vec3f(1.0, 0.0, 0.5 - origin.x), vec3f(0.0, 1.0, 0.5 - origin.y));
  return transpose(mat3x3f(x - 0.5 * depth, y - 0.5 * depth, depth) * scale) * shifted;
}

fn cross_2(a: vec2f, b: vec2f) -> f32 {
  return a.x * b.y - a.y * b.x;
}
