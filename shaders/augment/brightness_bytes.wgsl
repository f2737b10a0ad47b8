
// Keras' apply_brightness_shift, by way of Pillow: what isn't from 0 to 255 (or, in the old package, everything) is
// stretched to that, cut to whole grey levels, multiplied by b, clipped and cut again. Today's Keras shrinks it back.
// Word: b.
fn brighten_bytes(value: Pixel, at: u32, place: Place, old: bool) -> Pixel {
  let before = image_range(place);
  let range = clamp(before + channel_shifted, vec2f(before.x), vec2f(before.y));
  let extent = range.y - range.x;
  let beyond = range.x < 0.0 || range.y > 255.0;
  let stretched = select(value - range.x, (value - range.x) / extent * 255.0, extent != 0.0);
  let bytes = trunc(clamp(select(value, stretched, beyond || old), Pixel(0.0), Pixel(255.0)));
  let bright = trunc(clamp(drawn(at + 1u) * bytes, Pixel(0.0), Pixel(255.0)));
  return select(bright, bright / 255.0 * extent + range.x, beyond && !old);
}
