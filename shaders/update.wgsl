// w = update(dw, w), the formula of the optimizer (shaders/optimizers), over the arenas of all tensors
// One workgroup owns one chunk, a run of vec4s of one tensor. Before the update, the gradient may be clipped and the weights may decay:
// lib/clip.wgsl, lib/decay.wgsl. If health is measured, it also writes the size of the update: lib/measure_update.wgsl. Bindings 6 and up
// are the optimizer's slots. An optimizer with more than two takes the state as a uniform, which does not count among the eight storage
// buffers.
@group(0) @binding(0) var<storage, read> dw: array<vec4f>;
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, for the optimizer
#if ${uniform_state}
@group(0) @binding(2) var<uniform> state: State;
#else
@group(0) @binding(2) var<storage, read> state: State;
#endif
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
#if ${measured}
@group(0) @binding(4) var<storage, read_write> partials: array<vec4f>;
#endif
#if ${clips_norm}
@group(0) @binding(5) var<storage, read> factors: array<f32>; // per tensor
#endif
#if ${clips_value}

override clip_value: f32;
#endif
#if ${decays}

override weight_decay: f32;
#endif

const workgroup_size = ${workgroup_size}u;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  var before = vec4f();
  var moved = vec4f();
  if (state.skip == 0u) {
    let rate = step_size(chunk);
    for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
      let w0 = w[i];
      let w1 = update(i, clipped(dw[i], chunk.z), w0, rate);
      w[i] = w1;
#if ${measured}
      before += w0 * w0;
      moved += (w1 - w0) * (w1 - w0);
#endif
    }
  }
#if ${measured}
  if (state.skip != 0u) { before = squares_of(chunk, index); }
  write_partials(chunk, before, moved, index, group.x);
#endif
}
