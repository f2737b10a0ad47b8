// y = s x q, for every matrix x
// One invocation owns ${row_quads} x 4 rows of 4 columns. 4 neighbors share the rows and own 16 columns together, so that each loads a
// quarter of the rows and shares them. The last product writes y in the layout of the arenas. lib/matrices.wgsl has the tables.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(3) var<storage, read> tasks: array<vec4u>;
#if ${last}
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
#else
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
#endif
#if ${scaled}
@group(0) @binding(5) var<storage, read> s: array<f32>; // per matrix
#endif

override q_begins: u32;

fn put(it: Matrix, row: u32, j: u32, value: vec4f) {
#if ${last}
  if (row >= it.rows) { return; }
%for e in 0..4
  if (4u * j + $eu < it.columns) { y[place_of(it, row, 4u * j + $eu)] = value[$e]; }
%end
#else
  y[it.x + row * it.quads + j] = value;
#endif
}

@compute @workgroup_size(4 * ${tiles})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let task = task_of(group, groups);
  let it = matrix_of(task.x);
  let n = it.quads;
  let lane = index % 4u;
  let across = (n + 3u) / 4u;
  let tile = task.y + index / 4u;
  let j_wanted = 4u * (tile % across) + lane;
  let j = min(j_wanted, n - 1u);
  let quads = (it.rows + 3u) / 4u;
  let quad = tile / across * ${row_quads}u;
%for i in 0..${row_quads}
  let row$i = it.x + 4u * min(quad + $iu, quads - 1u) * n;
%for r in 0..4
  var s$i$r = vec4f();
%end
%end
  for (var k = 0u; k < n; k++) {
    let at = q_begins + it.square + 4u * k * n + j;
    let m = mat4x4f(q[at], q[at + n], q[at + 2u * n], q[at + 3u * n]);
%for i in 0..${row_quads}
#if ${subgroups}
    let x$i = x[row$i + lane * n + k];
%for r in 0..4
    s$i$r += m * quadBroadcast(x$i, $ru);
%end
#else
%for r in 0..4
    s$i$r += m * x[row$i + $ru * n + k];
%end
#endif
%end
  }
#if ${scaled}
  let scale = s[task.x];
#else
  let scale = 1.0;
#endif
  if (j_wanted >= n) { return; }
%for i in 0..${row_quads}
  if (quad + $iu < quads) {
%for r in 0..4
    put(it, 4u * (quad + $iu) + $ru, j, scale * s$i$r);
%end
  }
%end
#if ${last}
  // The padding of a tensor's last vec4 is zeroed, since the update reads it too.
  let size = it.rows * it.columns;
  if (tile == 0u && lane == 0u) { for (var i = size; i % 4u != 0u; i++) { y[it.first + i] = 0.0; } }
#endif
}
