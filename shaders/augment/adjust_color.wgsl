
// factor x + (1 - factor) other, clamped to gray levels: torchvision's and Pillow's blend.
fn blend(value: Pixel, other: Pixel, factor: f32) -> Pixel {
  return clamp(factor * value + (1.0 - factor) * other, Pixel(0.0), Pixel(255.0));
}

fn adjust_brightness(value: Pixel, factor: f32) -> Pixel {
  return blend(value, Pixel(0.0), factor);
}
#if ${statistics}

// Contrast is relative to the mean of the grayscale image, which is the gray value of the channel means. If the channels are not red, green
// and blue, each one is relative to its own mean, as in TensorFlow.
fn adjust_contrast(value: Pixel, factor: f32, place: Place) -> Pixel {
#if ${colored}
  return blend(value, Pixel(gray(statistic(2u, place))), factor);
#else
  return blend(value, statistic(2u, place), factor);
#endif
}
#endif
#if ${colored}

fn adjust_saturation(value: vec3f, factor: f32) -> vec3f {
  return blend(value, vec3f(gray(value)), factor);
}

// Rotates the hue of the HSV color by `turns`. A channel is most - chroma * (the distance of its hue, at most 1 of 6).
fn adjust_hue(value: vec3f, turns: f32) -> vec3f {
  let most = max(max(value.r, value.g), value.b);
  let chroma = most - min(min(value.r, value.g), value.b);
  if (chroma == 0.0) { return value; }
  var sixths = 4.0 + (value.r - value.g) / chroma;
  if (most == value.g) { sixths = 2.0 + (value.b - value.r) / chroma; }
  if (most == value.r) { sixths = (value.g - value.b) / chroma; }
  var k = vec3f(5.0, 3.0, 1.0) + sixths + 6.0 * turns;
  k -= 6.0 * floor(k / 6.0);
  return most - chroma * clamp(min(k, 4.0 - k), vec3f(0.0), vec3f(1.0));
}
#endif
