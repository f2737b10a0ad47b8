// f(p) = -alpha q^gamma log p, q = 1 - p;  c = -p df/dp = alpha q^gamma (1 - gamma p log(p) / q)
override alpha: f32;
override gamma: f32;

fn factors(p: f32, log_p: f32) -> vec2f {
  let q = 1.0 - p;
  // log(p) / q goes to -1 as p goes to 1, where both vanish.
  let ratio = select(log_p / q, -1.0, q <= 0.0);
  // pow of zero differs between devices, so it is avoided.
  let focus = alpha * select(pow(q, gamma), select(0.0, 1.0, gamma == 0.0), q <= 0.0);
  return vec2f(-focus * log_p, focus * (1.0 - gamma * p * ratio));
}
