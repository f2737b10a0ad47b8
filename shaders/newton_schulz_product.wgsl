// y = x p, of every matrix x
// One invocation owns four rows of four columns. The last step leaves y in the layout of the arenas, each tensor's own.
// lib/matrices.wgsl has the tables.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> p: array<vec4f>;
@group(0) @binding(2) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(3) var<storage, read> tasks: array<vec2u>;
#if ${last}
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
#else
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
#endif

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
  if (tile >= (it.rows + 3u) / 4u * n) { return; }
  let row = tile / n * 4u;
  let j = tile % n;
  // A row beyond the last is the last once more, and is not written.
  %for r in 0..4
  let row$r = it.x + min(row + $ru, it.rows - 1u) * n;
  var s$r = vec4f();
  %end
  for (var k = 0u; k < n; k++) {
    let at = it.p + 4u * k * n + j;
    %for c in 0..4
    let p$c = p[at + $cu * n];
    %end
    %for r in 0..4
    let x$r = x[row$r + k];
    s$r += x$r.x * p0 + x$r.y * p1 + x$r.z * p2 + x$r.w * p3;
    %end
  }
  %for r in 0..4
  if (row + $ru < it.rows) {
#if ${last}
    for (var e = 0u; e < min(4u, it.columns - 4u * j); e++) { y[place_of(it, row + $ru, 4u * j + e)] = s$r[e]; }
#else
    y[row$r + j] = s$r;
#endif
  }
  %end
#if ${last}
  // The padding of a tensor's last vec4 is zeroed, since the update reads it too.
  let size = it.rows * it.columns;
  if (tile == 0u) { for (var i = size; i % 4u != 0u; i++) { y[it.first + i] = 0.0; } }
#endif
}

