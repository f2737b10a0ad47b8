
// Stores four channels of dx starting at element `at`, of which `left` exist, times the derivative of the activation that produced x.
fn store_dx(at: u32, left: u32, value: vec4f) {
#if ${vec_in}
#if ${activated}
  ${dx}[at >> 2u] = before_activation(value, x[at >> 2u]);
#else
  ${dx}[at >> 2u] = value;
#endif
#else
  for (var i = 0u; i < min(4u, left); i++) {
#if ${activated}
    ${dx}[at + i] = before_activation(vec4f(value[i]), vec4f(x[at + i])).x;
#else
    ${dx}[at + i] = value[i];
#endif
  }
#endif
}
