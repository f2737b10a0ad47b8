// f(p) = -log p;  c = 1
fn factors(p: f32, log_p: f32) -> vec2f { return vec2f(-log_p, 1.0); }
