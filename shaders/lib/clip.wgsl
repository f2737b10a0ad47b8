
// What the update takes of a gradient: Keras' clipnorm and global_clipnorm, whose factors are gradient_norm_reduce's, or its
// clipvalue.
fn clipped(g: vec4f, tensor: u32) -> vec4f {
#if ${clips_norm}
  return factors[tensor] * g;
#elif ${clips_value}
  return clamp(g, vec4f(-clip_value), vec4f(clip_value));
#else
  return g;
#endif
}
