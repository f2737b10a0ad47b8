// g = s^2 sum of parts, s = 1 / (|x| + 1e-7), for every matrix x;  |x|^2 is the trace of the sum of parts
// One invocation owns ${owns} vec4s of g. Each workgroup computes the trace itself, always in the same order.
@group(0) @binding(0) var<storage, read> parts: array<vec4f>;
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#if ${normalizes}
@group(0) @binding(4) var<storage, read_write> s: array<f32>; // per matrix

var<workgroup> traces: array<f32, 64>;
#endif

fn gram(it: Matrix, at: u32) -> vec4f {
  var sum = parts[it.parts + at];
  for (var s = 1u; s < it.slices; s++) { sum += parts[it.parts + at + 4u * s * it.quads * it.quads]; }
  return sum;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let task = task_of(group, groups);
  let it = matrix_of(task.x);
  let n = it.quads;
  var scale = 1.0;
#if ${normalizes}
  var trace = 0.0;
  for (var i = index; i < it.columns; i += 64u) { trace += gram(it, i * n + i / 4u)[i % 4u]; }
  traces[index] = trace;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) { traces[index] += traces[index + half]; }
  }
  workgroupBarrier();
  scale = 1.0 / (sqrt(traces[0]) + 1e-7);
  if (task.y == 0u && index == 0u) { s[task.x] = scale; }
#endif
  // Surplus workgroups start beyond the end; adding to their first vec4 must not wrap around.
  let end = min(4u * n * n, min(task.y, 4u * n * n) + 64u * ${owns}u);
  for (var i = task.y + index; i < end; i += 64u) { y[it.square + i] = scale * scale * gram(it, i); }
}
