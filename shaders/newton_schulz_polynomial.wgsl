// p = a I + b g + c g g, for every symmetric matrix g
// lib/symmetric_product.wgsl has the tiles and the sum, lib/matrices.wgsl the tables.
@group(0) @binding(0) var<storage, read> x: array<vec4f>; // g, of all matrices
@group(0) @binding(1) var<storage, read> matrices: array<vec4u>;
@group(0) @binding(2) var<storage, read> tasks: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> p: array<vec4f>;

override a: f32;
override b: f32;
override c: f32;

fn put(at: u32, value: vec4f) { p[at] = value; }

@compute @workgroup_size(4 * ${tiles})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let task = task_of(group, groups);
  let it = matrix_of(task.x);
  let tile = tile_of(it, task.y, index);
  let s = product(it, tile, it.square, it.square, 0u, 4u * it.quads);
%for q in 0..2
  let i$q = tile.i + $qu;
%for r in 0..4
  let p$q$r = b * x[it.square + (4u * min(i$q, it.quads - 1u) + $ru) * it.quads + min(tile.j, it.quads - 1u)] + c * s.s$q$r
    + select(vec4f(), vec4f(a), vec4<bool>(i$q == tile.j) & (vec4u(0u, 1u, 2u, 3u) == vec4u($ru)));
%end
  store(it, tile, i$q, it.square, p$q0, p$q1, p$q2, p$q3);
%end
}
