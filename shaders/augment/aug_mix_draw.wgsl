
// The weight of the image itself and those of the chains, which add up to one: Beta(alpha, alpha) gives the total weight of the chains, and
// Dirichlet(alpha, alpha, ...) divides it among them, computed from gamma variates. They are computed as logarithms, because with a small
// alpha some underflow in float32.
fn aug_mix_draw(key: Key, purpose: u32, at: u32, from_size: vec2f, to_size: vec2f, chains: u32, alpha: f32) {
  let rest = beta(key, purpose, alpha);
  keep(at + 1u, 1.0 - rest);
  var most = -0x1p127;
  for (var i = 0u; i < chains; i++) {
    let gamma = log_gamma_draw(key, purpose + 1u + i, 0u, alpha);
    keep(at + 2u + i, gamma);
    most = max(most, gamma);
  }
  var sum = 0.0;
  for (var i = 0u; i < chains; i++) { sum += exp(drawn(at + 2u + i) - most); }
  for (var i = 0u; i < chains; i++) { keep(at + 2u + i, rest * exp(drawn(at + 2u + i) - most) / sum); }
}
