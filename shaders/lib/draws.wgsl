
// Draws the random numbers of an op. Each has its own purpose in the key, so that one draw does not affect another.
struct Key { seed: u32, epoch: u32, sample: u32, copy: u32, }

fn words(key: Key, purpose: u32) -> vec4u {
  return philox(vec4u(key.sample, key.epoch, purpose, key.copy), vec2u(key.seed, 0u));
}

// In [0, 1), 24 bits.
fn unit(key: Key, purpose: u32) -> f32 {
  return f32(words(key, purpose).x >> 8u) * 0x1p-24;
}

// In [low, high).
fn between(key: Key, purpose: u32, low: f32, high: f32) -> f32 {
  return low + (high - low) * unit(key, purpose);
}

// The same with a random sign.
fn either_sign(key: Key, purpose: u32, low: f32, high: f32) -> f32 {
  return between(key, purpose, low, high) * sign_of(key, purpose);
}

// -1 or 1, from words that are not used for numbers.
fn sign_of(key: Key, purpose: u32) -> f32 {
  return select(1.0, -1.0, (words(key, purpose).y & 1u) == 1u);
}

// An integer from low to high, inclusive.
fn whole(key: Key, purpose: u32, low: f32, high: f32) -> f32 {
  return min(high, low + floor((high - low + 1.0) * unit(key, purpose)));
}

// The index of one of span.y consecutive numbers that start at span.x.
fn one_of(key: Key, purpose: u32, span: vec2f) -> u32 {
  return u32(span.x + whole(key, purpose, 0.0, span.y - 1.0));
}

fn chance(key: Key, purpose: u32, p: f32) -> f32 {
  return select(0.0, 1.0, unit(key, purpose) < p);
}
