// parts[s] = x^T x over the rows of slice s, of every matrix x
// One invocation owns 4 x 4 numbers of a part and, as it is symmetric, their mirror image; its sum goes over the rows in their
// order. lib/matrices.wgsl has the tables.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> parts: array<vec4f>;

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
  if (tile >= n * n * it.slices) { return; }
  let slice = tile / (n * n);
  let i = tile % (n * n) / n;
  let j = tile % n;
  if (i > j) { return; }
  let share = (it.rows + it.slices - 1u) / it.slices;
  let end = it.x + min(it.rows, (slice + 1u) * share) * n;
  %for r in 0..4
  var s$r = vec4f();
  %end
  for (var row = it.x + slice * share * n; row < end; row += n) {
    let a = x[row + i];
    let b = x[row + j];
    %for r in 0..4
    s$r += a[$r] * b;
    %end
  }
  let part = it.parts + 4u * slice * n * n;
  %for r in 0..4
  parts[part + (4u * i + $ru) * n + j] = s$r;
  parts[part + (4u * j + $ru) * n + i] = vec4f(s0[$r], s1[$r], s2[$r], s3[$r]);
  %end
}

