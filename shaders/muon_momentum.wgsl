// m = momentum m + dw;  x = m or, nesterov, dw + momentum m, of every matrix among the tensors
// One invocation owns four neighbors of a row of x, where a matrix has no fewer rows than columns: a wide one is transposed. Its
// rows end with zeros up to a whole vec4. lib/matrices.wgsl has the tables.
@group(0) @binding(0) var<storage, read> dw: array<f32>;
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec2u>;
@group(0) @binding(3) var<storage, read> state: State;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<vec4f>;
#if ${clips_norm}
@group(0) @binding(6) var<storage, read> factors: array<f32>; // by tensor
#endif
#if ${clips_value}

override clip_value: f32;
#endif

override momentum: f32;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let task = task_of(group, groups);
  let it = matrix_of(task.x);
  let tile = task.y + index;
  if (tile >= it.rows * it.quads || state.skip != 0u) { return; }
  let row = tile / it.quads;
  let column = tile % it.quads * 4u;
  var g = vec4f();
  for (var e = 0u; e < min(4u, it.columns - column); e++) { g[e] = dw[place_of(it, row, column + e)]; }
  g = clipped(g, it.tensor);
  var y = vec4f();
  for (var e = 0u; e < min(4u, it.columns - column); e++) {
    let i = place_of(it, row, column + e);
    let m1 = momentum * m[i] + g[e];
    m[i] = m1;
#if ${nesterov}
    y[e] = g[e] + momentum * m1;
#else
    y[e] = m1;
#endif
  }
  x[it.x + tile] = y;
}

