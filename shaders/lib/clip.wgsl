
// The clipped gradient: Keras' clipnorm and global_clipnorm, whose factors gradient_norm_reduce computes, or its clipvalue.
fn clipped(g: vec4f, tensor: u32) -> vec4f {
#if ${clips_norm}
  return factors[tensor] * g;
#elif ${clips_value}
  return clamp(g, vec4f(-clip_value), vec4f(clip_value));
#else
  return g;
#endif
}
