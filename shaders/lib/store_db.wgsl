
#if ${stores_db}
// Stores the gradient of four biases starting at element `at`, of which `left` exist.
fn store_db(at: u32, left: u32, value: vec4f) {
#if ${vec_out}
  db[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, left); i++) { db[at + i] = value[i]; }
#endif
}
#endif
