
// b[c] to b[c + 3]; channels after the last one read it again and are never stored.
fn bias(c: u32, last: u32) -> vec4f {
#if ${use_bias}
#if ${vec_bias}
  return b[c >> 2u];
#else
  return vec4f(b[c], b[min(c + 1u, last)], b[min(c + 2u, last)], b[min(c + 3u, last)]);
#endif
#else
  return vec4f();
#endif
}
