// m = momentum m + dw;  x = m or, nesterov, dw + momentum m, for every matrix among the tensors
// One invocation owns four adjacent elements of a row of x. In x, a matrix has at least as many rows as columns; a wide one is transposed.
// Rows are padded with zeros to a whole vec4, and rows of zeros follow up to a multiple of four. lib/matrices.wgsl has the tables.
@group(0) @binding(0) var<storage, read> dw: array<f32>;
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec4u>;
@group(0) @binding(3) var<storage, read> state: State;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<vec4f>;
#if ${clips_norm}
@group(0) @binding(6) var<storage, read> factors: array<f32>; // per tensor
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
  if (tile >= (it.rows + 3u) / 4u * 4u * it.quads || state.skip != 0u) { return; }
  let row = tile / it.quads;
  let column = tile % it.quads * 4u;
  let inside = (vec4u(0u, 1u, 2u, 3u) + column < vec4u(it.columns)) & vec4<bool>(row < it.rows);
%for e in 0..4
  let at$e = place_of(it, min(row, it.rows - 1u), min(column + $eu, it.columns - 1u));
%end
  let g = select(vec4f(), clipped(vec4f(dw[at0], dw[at1], dw[at2], dw[at3]), it.tensor), inside);
  let m1 = momentum * select(vec4f(), vec4f(m[at0], m[at1], m[at2], m[at3]), inside) + g;
%for e in 0..4
  if (inside[$e]) { m[at$e] = m1[$e]; }
%end
#if ${nesterov}
  x[it.x + tile] = g + momentum * m1;
#else
  x[it.x + tile] = m1;
#endif
}
