
// 1 / (1 - rate) for the elements of a quad that are kept, 0 for those that are dropped. `spatial` drops whole channels.
fn mask(sample: u32, quad: u32) -> vec4f {
#if ${spatial}
#if ${vec}
  let words = layer_words(sample, quad % (channels / 4u));
#else
  var words = vec4u();
  for (var i = 0u; i < 4u; i++) {
    let channel = (4u * quad + i) % channels;
    words[i] = layer_words(sample, channel / 4u)[channel % 4u];
  }
#endif
#else
  let words = layer_words(sample, quad);
#endif
  return select(vec4f(), vec4f(scale), words >= vec4u(dropped_below));
}
