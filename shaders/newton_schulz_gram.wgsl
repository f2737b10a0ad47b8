// parts[s] = x^T x over the rows of slice s, for every matrix x
// lib/symmetric_product.wgsl has the tiles and the sum, lib/matrices.wgsl the tables.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> parts: array<vec4f>;

fn put(at: u32, value: vec4f) { parts[at] = value; }

@compute @workgroup_size(4 * ${tiles})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let task = task_of(group, groups);
  let it = matrix_of(task.x);
  let tile = tile_of(it, task.y, index);
  // x is padded with zeros to a multiple of four rows.
  let share = ((it.rows + 3u) / 4u + it.slices - 1u) / it.slices * 4u;
  let end = min((it.rows + 3u) / 4u * 4u, (task.z + 1u) * share);
  let s = product(it, tile, it.x, it.x, task.z * share, end);
  let at = it.parts + task.z * 4u * it.quads * it.quads;
%for q in 0..2
  store(it, tile, tile.i + $qu, at, s.s$q0, s.s$q1, s.s$q2, s.s$q3);
%end
}
