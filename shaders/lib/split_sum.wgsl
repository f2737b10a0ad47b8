
// A product of matrices with few elements and many terms. A workgroup owns 8 rows by 32 columns of the result: two times eight invocations
// own 4 rows and a quad of columns each, and each of ${slices} such groups processes every ${slices}th quad of terms. In a second pass,
// through workgroup memory, the first group adds up the sums of all groups in order.
var<workgroup> sums_of: array<vec4f, ${slices} * 64>;

@compute @workgroup_size(16 * ${slices})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let column_tiles = (columns() + 31u) / 32u;
  let tile = group.y * groups.x + group.x;
  let first = tile / column_tiles * 8u + ((index >> 3u) & 1u) * 4u;
  let column = tile % column_tiles * 32u + (index & 7u) * 4u;
%for i in 0..4
  let p$i = pixel_at(first + $iu);
  var y$i = vec4f();
%end
  let slice = index >> 4u;
  let range = terms(0u);
  for (var term = range.x + slice; term < range.y; term += ${slices}u) {
    let m = load_b(term, column);
%for i in 0..4
    let a$i = load_a(p$i, term);
    y$i = y$i + a$i.x * m[0] + a$i.y * m[1] + a$i.z * m[2] + a$i.w * m[3];
%end
  }
  let at = (index & 15u) * 4u;
%for i in 0..4
  sums_of[slice * 64u + at + $iu] = y$i;
%end
  workgroupBarrier();
  if (index < 16u) {
    var sums = mat4x4f();
    for (var i = at; i < ${slices}u * 64u; i += 64u) {
      sums += mat4x4f(sums_of[i], sums_of[i + 1u], sums_of[i + 2u], sums_of[i + 3u]);
    }
    finish(first, 0u, column, sums);
  }
}
