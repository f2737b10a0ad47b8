// norms[n] = (sum over i of x[n,i]^2 + bias) * sum over o of (count * dy[n,o])^2, 0 after the batch's real samples
// The squared norm of sample n's gradient in a dense layer: x[n] times delta[n] is an outer product, whose norm is the product of their
// norms. The bias counts as the weight of an input of 1 (bias = 1 or 0). dy is the gradient of the mean over count samples. One workgroup
// owns one sample.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;

override batch: u32;
override inputs: u32;
override outputs: u32;
override bias: f32;

var<workgroup> sums: array<vec2f, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let n = group.y * groups.x + group.x;
  if (n >= batch) { return; }
  if (n >= state.count) {
    if (index == 0u) { norms[n] = 0.0; }
    return;
  }
  var sum = vec2f();
  for (var i = index; i < inputs; i += 64u) {
    let value = x[n * inputs + i];
    sum.x += value * value;
  }
  for (var o = index; o < outputs; o += 64u) {
    let delta = f32(state.count) * dy[n * outputs + o];
    sum.y += delta * delta;
  }
  sums[index] = sum;
  workgroupBarrier();
  if (index == 0u) {
    for (var i = 1u; i < 64u; i++) { sum += sums[i]; }
    norms[n] = (sum.x + bias) * sum.y;
  }
}
