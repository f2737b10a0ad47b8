
// The highest bits of the nearest gray level. All factors are powers of two, so the only rounding is the intended one.
fn posterize(value: Pixel, bits: f32) -> Pixel {
  let levels = f32(1u << u32(bits));
  let byte = clamp(floor(value + 0.5), Pixel(0.0), Pixel(255.0));
  return floor(byte * (levels * 0x1p-8)) * f32(256u >> u32(bits));
}

// Word: the number of bits.
fn random_posterize(value: Pixel, at: u32, place: Place) -> Pixel {
  return posterize(value, drawn(at + 1u));
}
