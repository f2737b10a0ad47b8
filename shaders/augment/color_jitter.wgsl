
// Words: brightness, contrast, saturation, hue, and the number of their order among the 24. `used` has a bit for each that
// is not left as it is. Contrast must know the whole image as it is then: what comes before it in the drawn order is one
// step, what comes from it on (`behind`) is another.
fn color_jitter(value: Pixel, at: u32, place: Place, used: u32, behind: bool) -> Pixel {
  var result = value;
  var order = u32(drawn(at + 5u));
  var left = 0x3210u; // still to come, four bits each
  var running = !behind;
  for (var ways = vec4u(6u, 2u, 1u, 1u); ways.x > 0u; ways = vec4u(ways.yzw, 0u)) {
    let digit = 4u * (order / ways.x);
    order %= ways.x;
    let which = (left >> digit) & 15u;
    let low = (1u << digit) - 1u;
    left = (left & low) | ((left >> 4u) & ~low);
    if ((used & (1u << which)) == 0u) { continue; }
    if (which == 1u) {
      if (!behind) { break; }
      running = true;
    }
    if (!running) { continue; }
    let word = drawn(at + 1u + which);
    switch which {
      case 0u: { result = adjust_brightness(result, word); }
#if ${statistics}
      case 1u: { result = adjust_contrast(result, word, place); }
#endif
#if ${coloured}
      case 2u: { result = adjust_saturation(result, word); }
      case 3u: { result = adjust_hue(result, word); }
#endif
      default: {}
    }
  }
  return result;
}
