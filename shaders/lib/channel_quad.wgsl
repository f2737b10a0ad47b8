
// Four output channels starting at element `at`: a vec4 if the number of channels is a multiple of four. Otherwise `left` of them exist;
// the others are loaded as zero and not stored.
fn load_quad(at: u32, left: u32) -> vec4f {
#if ${vec_out}
  return ${loaded}[at >> 2u];
#else
  return vec4f(${loaded}[at], select(0.0, ${loaded}[at + 1u], left > 1u), select(0.0, ${loaded}[at + 2u], left > 2u), select(0.0, ${loaded}[at + 3u], left > 3u));
#endif
}

fn store_quad(at: u32, left: u32, value: vec4f) {
#if ${vec_out}
  ${stored}[at >> 2u] = value;
#else
  for (var i = 0u; i < min(4u, left); i++) { ${stored}[at + i] = value[i]; }
#endif
}
