// y = x p, for all pairs x of symmetric matrices, or for one of each pair; all are polynomials of one matrix, so y is symmetric
// A pair consists of the current Gram matrix and the product of the polynomials so far. lib/symmetric_product.wgsl has the tiles
// and the sum, lib/matrices.wgsl the tables.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> p: array<vec4f>;
@group(0) @binding(2) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(3) var<storage, read> tasks: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

override second: u32; // where the second of each pair begins
override only: u32;   // which one of each pair, if only one is multiplied

fn put(at: u32, value: vec4f) {
  y[at] = value;
#if ${keeps_second}
  y[second + at] = x[second + at];
#elif ${begins_second}
  y[second + at] = p[at];
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
  let tile = tile_of(it, task.y, index);
  let at = it.square + (task.z + only) * second;
  let s = product(it, tile, at, it.square, 0u, 4u * it.quads);
%for q in 0..2
  store(it, tile, tile.i + $qu, at, s.s$q0, s.s$q1, s.s$q2, s.s$q3);
%end
}
