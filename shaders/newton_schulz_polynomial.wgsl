// p = s (a I + b s^2 g + c s^4 g g),  g = x^T x = the sum of parts, of every matrix x, so that s a x + ... is x p
// s is 1, or in the first step 1 / (|x| + 1e-7): the trace of g is |x|^2. One invocation owns 4 x 4 numbers of p and their mirror
// image. g is symmetric, so that its columns are read as rows. lib/matrices.wgsl has the tables.
@group(0) @binding(0) var<storage, read> parts: array<vec4f>;
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> p: array<vec4f>;

override a: f32;
override b: f32;
override c: f32;

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
  let tile = task.y + index;
  if (tile >= n * n) { return; }
  let i = tile / n;
  let j = tile % n;
  if (i > j) { return; }
#if ${first}
  var trace = 0.0;
  for (var k = 0u; k < it.columns; k++) { trace += gram(it, k * n + k / 4u)[k % 4u]; }
  let scale = 1.0 / (sqrt(trace) + 1e-7);
#else
  let scale = 1.0;
#endif
  let squared = scale * scale;
  %for r in 0..4
  var s$r = vec4f();
  %end
  for (var k = 0u; k < it.columns; k++) {
    let left = squared * gram(it, k * n + i);
    let right = squared * gram(it, k * n + j);
    %for r in 0..4
    s$r += left[$r] * right;
    %end
  }
  let at = 4u * i * n + j;
  %for r in 0..4
  var p$r = b * squared * gram(it, at + $ru * n) + c * s$r;
  if (i == j) { p$r[$r] += a; }
  %end
  %for r in 0..4
  p[it.p + (4u * i + $ru) * n + j] = scale * p$r;
  p[it.p + (4u * j + $ru) * n + i] = scale * vec4f(p0[$r], p1[$r], p2[$r], p3[$r]);
  %end
}

