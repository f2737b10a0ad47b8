// penalties[c] = l1[tensor] * sum of |w| + l2[tensor] * sum of w*w over chunk c of the weights of all tensors
// One workgroup owns one chunk, a run of vec4s of one tensor; the kernel of the loss adds their sum to the loss.
@group(0) @binding(0) var<storage, read> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> chunks: array<vec4u>; // first vec4, one past the last, tensor, unused
@group(0) @binding(2) var<storage, read> regularizers: array<vec2f>; // per tensor: l1, l2
@group(0) @binding(3) var<storage, read_write> penalties: array<f32>;

const workgroup_size = ${workgroup_size}u;

var<workgroup> sums: array<vec2f, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let chunk = chunks[group.x];
  let factors = regularizers[chunk.z];
  var sizes = vec4f();
  var squares = vec4f();
  if (any(factors != vec2f())) { // infinities in tensors without a regularizer must not affect the loss
    for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
      let w0 = w[i];
      sizes += abs(w0);
      squares += w0 * w0;
    }
  }
  sums[index] = vec2f(dot(sizes, vec4f(1.0)), dot(squares, vec4f(1.0)));
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) { sums[index] += sums[index + half]; }
  }
  if (index == 0u) {
    var penalty = factors.y * sums[0].y;
    if (factors.x != 0.0) { penalty = select(0.0, penalty, factors.y != 0.0) + factors.x * sums[0].x; }
    penalties[group.x] = penalty;
  }
}
