
// Four random words for four consecutive elements, or channels, of a sample: a function of the seed, the epoch, the sample's
// position in it and the layer, so that batch size, submissions and resuming don't change them. The keys of the augmentation have 0 or the
// small code of an op in the word in which these have ${layers_key}.
fn layer_words(sample: u32, quad: u32) -> vec4u {
  return philox(vec4u(quad, state.start + sample, state.epoch, layer), vec2u(state.seed, ${layers_key}));
}
