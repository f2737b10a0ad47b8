// m += (dw - m)(1 - beta1);  v += (dw*dw - v)(1 - beta2);  w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// Keras' form (epsilon is the paper's "epsilon hat"), over the arenas of all tensors. One workgroup owns one chunk, a run of
// vec4s of one tensor. The gradient may be clipped and the weights decay first: lib/clip.wgsl. Measured, it also tells what the
// update did: lib/measure_update.wgsl.
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> v: array<vec4f>;
#if ${measured}
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;
#endif
#if ${clips_norm}
@group(0) @binding(7) var<storage, read> factors: array<f32>; // by tensor
#endif
#if ${clips_value}

override clip_value: f32;
#endif
#if ${decays}

override weight_decay: f32;
#endif

override one_minus_beta1: f32;
override one_minus_beta2: f32;
override epsilon: f32;

const lanes = ${lanes}u;

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  var before = vec4f();
  var moved = vec4f();
  if (state.skip == 0u) {
    let rate = state.learning_rate * sqrt(state.correction2) / state.correction1;
    for (var i = chunk.x + index; i < chunk.y; i += lanes) {
      let g = clipped(dw[i], chunk.z);
      let w0 = w[i];
      let m0 = m[i]; // once: on a software adapter loads are what this costs
      let v0 = v[i];
      let m1 = m0 + (g - m0) * one_minus_beta1;
      let v1 = v0 + (g * g - v0) * one_minus_beta2;
      let w1 = decayed(w0) - rate * m1 / (sqrt(v1) + epsilon);
      m[i] = m1;
      v[i] = v1;
      w[i] = w1;
#if ${measured}
      before += w0 * w0;
      moved += (w1 - w0) * (w1 - w0);
#endif
    }
  }
#if ${measured}
  if (state.skip != 0u) { before = squares_of(chunk, index); }
  tell(chunk, before, moved, index, group.x);
#endif
}
