
// The layer's activation. relu compares with < so that a NaN stays one: max(NaN, 0) may be 0, which would hide it.
fn activate(z: vec4f) -> vec4f {
#if ${relu}
  return select(z, vec4f(), z < vec4f());
#elif ${tanh}
  // tanh overflows to NaN beyond about 88 in some implementations; it is 1 to the last bit from 10 on.
  return tanh(clamp(z, vec4f(-15.0), vec4f(15.0)));
#elif ${sigmoid}
  return 1.0 / (1.0 + exp(-z));
#else
  return z;
#endif
}
