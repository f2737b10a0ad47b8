
// The layer's activation. A NaN stays one: max(NaN, 0) may be 0, and exp or tanh of it a number, which would hide it.
fn activate(z: vec4f) -> vec4f {
#if ${relu}
  return select(z, vec4f(), z < vec4f());
#elif ${tanh}
  // tanh overflows to NaN beyond about 88 in some implementations; it is 1 to the last bit from 10 on.
  return select(tanh(clamp(z, vec4f(-15.0), vec4f(15.0))), z, is_nan(z));
#elif ${sigmoid}
  return select(1.0 / (1.0 + exp(-z)), z, is_nan(z));
#else
  return z;
#endif
}
