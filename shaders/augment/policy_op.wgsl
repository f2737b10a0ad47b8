
// A policy's op on a pixel: no change if it moves pixels. Words: the op, then its magnitude: a factor, bits, a threshold.
fn policy_op(value: Pixel, at: u32, place: Place, word: u32) -> Pixel {
  let magnitude = drawn(at + word + 1u);
  switch u32(drawn(at + word)) {
    case policy_brightness: { return adjust_brightness(value, magnitude); }
    case policy_color: { return adjust_saturation(value, magnitude); }
    case policy_contrast: { return adjust_contrast(value, magnitude, place); }
    case policy_sharpness: { return adjust_sharpness(value, magnitude, place); }
    case policy_posterize: { return posterize(value, magnitude); }
    case policy_solarize: { return solarize(value, magnitude); }
    case policy_autoContrast: { return autocontrast(value, place); }
    case policy_equalize: { return look_up(value, place); }
    case policy_invert: { return invert(value); }
    default: { return value; }
  }
}
