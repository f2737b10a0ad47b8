
#if ${activated}
@group(0) @binding(4) var<storage, read> x: array<${out}>;

// A data gradient of four channels before the activation that produced x. Channels after the last one are not stored.
fn before_x(gradient: vec4f, index: u32, co: u32) -> vec4f {
  let at = index * out_channels + co;
#if ${vec_out}
  return before_activation(gradient, x[at >> 2u]);
#else
  return before_activation(gradient, vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]));
#endif
}
#endif
