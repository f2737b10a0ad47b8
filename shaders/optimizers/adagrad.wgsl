// v += dw*dw;  w -= lr dw / sqrt(initial + v + epsilon)
// Keras' form. Keras' accumulator is initial + v. The initial value is kept separate, so that v starts at zero like the slots of all
// optimizers.
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;

override initial: f32;
override epsilon: f32;

fn step_size(_chunk: vec4u) -> f32 { return state.learning_rate; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let v1 = v[i] + g * g;
  v[i] = v1;
  return decayed(w0) - rate * g / sqrt(initial + v1 + epsilon);
}

