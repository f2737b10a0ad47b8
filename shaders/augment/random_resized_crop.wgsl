
// The position in x of the pixels of y, for a crop of x: x = left + (column + 1/2) width / width of y - 1/2. Words: top, left, height,
// width.
fn random_resized_crop(at: u32, from_size: vec2f, to_size: vec2f) -> vec4f {
  let step = vec2f(drawn(at + 4u), drawn(at + 3u)) / to_size;
  return vec4f(vec2f(drawn(at + 2u), drawn(at + 1u)) + 0.5 * step - 0.5, step);
}
