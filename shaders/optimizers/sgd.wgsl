// without momentum: w -= lr dw;  with momentum: v = momentum v - lr dw, then w += v or, nesterov, w += momentum v - lr dw
// Keras' form.
#if ${has_momentum}
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;

override momentum: f32;

#endif
fn step_size(_chunk: vec4u) -> f32 { return state.learning_rate; }

fn update(i: u32, g: vec4f, w0: vec4f, rate: f32) -> vec4f {
  let step = rate * g;
#if ${has_momentum}
  let v1 = momentum * v[i] - step;
  v[i] = v1;
#if ${nesterov}
  return decayed(w0) + (momentum * v1 - step);
#else
  return decayed(w0) + v1;
#endif
#else
  return decayed(w0) - step;
#endif
}

