
// The derivative of an activation, from the activation's own value.
fn derivative(y: vec4f) -> vec4f {
#if ${relu}
  return select(vec4f(), vec4f(1.0), y > vec4f());
#elif ${tanh}
  return 1.0 - y * y;
#elif ${sigmoid}
  return y * (1.0 - y);
#else
  return vec4f(1.0);
#endif
}
