
// Tests the bits: WGSL compilers may optimize away comparisons with NaN, and exp or tanh of NaN may be a number.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

// Whether a value replaces the largest so far: the first of equal ones is kept, and a NaN is never lost.
fn wins(value: vec4f, best: vec4f) -> vec4<bool> {
  return (value > best) | is_nan(value);
}
