// penalties[c] = l2[tensor] * sum of w*w over chunk c of the weights of all tensors
// One workgroup owns one chunk, a run of vec4s of one tensor; softmax_cross_entropy adds them up and to the loss.
@group(0) @binding(0) var<storage, read> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read> l2: array<f32>;
@group(0) @binding(3) var<storage, read_write> penalties: array<f32>;

const lanes = ${lanes}u;

var<workgroup> sums: array<f32, lanes>;

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  var squares = vec4f();
  if (l2[chunk.z] != 0.0) { // another tensor's infinities are no part of the loss
    for (var i = chunk.x + index; i < chunk.y; i += lanes) {
      let w0 = w[i];
      squares += w0 * w0;
    }
  }
  sums[index] = dot(squares, vec4f(1.0));
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) { sums[index] += sums[index + half]; }
  }
  if (index == 0u) { penalties[group.x] = l2[chunk.z] * sums[0]; }
}
