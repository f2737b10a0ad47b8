
// Keras' apply_brightness_shift, which uses Pillow: values are stretched to 0 to 255 unless they are already in that range (the old package
// always stretches them, from 0 if no value is below it), truncated to whole gray levels, multiplied by b, clipped and truncated again.
// Current Keras then restores the original range. Word: b. `lit` is 0 for a fourth channel, which is transparency and does not change.
fn brighten_bytes(value: Pixel, at: u32, place: Place, old: bool, lit: Pixel) -> Pixel {
  let before = image_range(place);
  let range = clamp(before + channel_shifted, vec2f(before.x), vec2f(before.y));
  let beyond = range.x < 0.0 || range.y > 255.0;
  let low = select(range.x, min(range.x, 0.0), old);
  let width = range.y - low;
  let stretched = select(Pixel(0.0), (value - low) / width, Pixel(width) != Pixel(0.0)) * 255.0;
  let bytes = trunc(select(value, stretched, Pixel(f32(beyond || old)) != Pixel(0.0)));
  let bright = select(bytes, trunc(clamp(drawn(at + 1u) * bytes, Pixel(0.0), Pixel(255.0))), lit != Pixel(0.0));
  return select(bright, bright / 255.0 * (range.y - range.x) + range.x, Pixel(f32(beyond && !old)) != Pixel(0.0));
}
