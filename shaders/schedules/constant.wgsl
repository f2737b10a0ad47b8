// rate = learning_rate
fn constant(step: u32, learning_rate: f32) -> f32 { return learning_rate; }
