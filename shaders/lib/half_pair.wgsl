// The bits of two halves. A number beyond the largest finite float16 becomes an infinity and NaN stays NaN, because WGSL leaves the result of
// pack2x16float for them open. The comparison is one of bits, because comparisons of floats with NaN may be optimized away.
fn half_pair(v: vec2f) -> u32 {
  let bits = bitcast<vec2u>(v);
  let size = bits & vec2u(0x7fffffffu);
  let over = size > vec2u(0x477fe000u); // 65504
  let word = pack2x16float(select(v, vec2f(), over));
  let special = select(vec2u(0x7c00u), vec2u(0x7e00u), size > vec2u(0x7f800000u)) | ((bits >> vec2u(16u)) & vec2u(0x8000u));
  let rest = select(vec2u(), special, over);
  return word | rest.x | (rest.y << 16u);
}
