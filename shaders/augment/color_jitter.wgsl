
// One adjustment, by the word at `at`: 0 brightness, 1 contrast, 2 saturation, 3 hue.
fn adjust(value: Pixel, at: u32, place: Place, which: u32) -> Pixel {
  switch which {
    case 0u: { return adjust_brightness(value, drawn(at)); }
#if ${statistics}
    case 1u: { return adjust_contrast(value, drawn(at), place); }
#endif
#if ${colored}
    case 2u: { return adjust_saturation(value, drawn(at)); }
    case 3u: { return adjust_hue(value, drawn(at)); }
#endif
    default: { return value; }
  }
}

fn color_jitter_by_one(value: Pixel, at: u32, place: Place, which: u32) -> Pixel {
  return adjust(value, at + 1u, place, which);
}

// Words: one for each adjustment that is a bit of `used` and, by its number, a digit of `digits`; then the number of their order.
// Contrast needs the whole image after the adjustments before it, so those are one step, and contrast with the adjustments after it
// (`resumes`) is another. Each adjustment is a separate branch, so that the compiler omits those that are not used.
fn color_jitter(value: Pixel, at: u32, place: Place, used: u32, digits: u32, resumes: bool) -> Pixel {
  let count = countOneBits(used);
  var result = value;
  var left = digits;
  var order = drawn(at + 1u + count);
  var ways = select(select(1.0, 2.0, count == 3u), 6.0, count == 4u); // number of orders of the adjustments after the next one
  var running = !resumes;
  for (var n = count; n > 0u; n--) {
    let next = floor((order + 0.5) / ways);
    order -= ways * next;
    ways /= f32(max(n - 1u, 1u));
    let shift = 4u * u32(next);
    let which = (left >> shift) & 15u;
    let passed = (1u << shift) - 1u;
    left = (left & passed) | ((left >> 4u) & ~passed);
    if (which == 1u) {
      if (!resumes) { break; }
      running = true;
    }
    if (!running) { continue; }
    if ((used & 1u) != 0u && which == 0u) { result = adjust(result, at + 1u, place, 0u); }
    if ((used & 2u) != 0u && which == 1u) { result = adjust(result, at + 1u + countOneBits(used & 1u), place, 1u); }
    if ((used & 4u) != 0u && which == 2u) { result = adjust(result, at + 1u + countOneBits(used & 3u), place, 2u); }
    if ((used & 8u) != 0u && which == 3u) { result = adjust(result, at + count, place, 3u); }
  }
  return result;
}
