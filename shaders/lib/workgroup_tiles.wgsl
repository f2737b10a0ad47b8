
// A product of matrices in tiles that the 64 invocations of a workgroup keep in workgroup memory. A workgroup owns 8 x ${rows} rows by
// 32 x ${quads} columns of the result, and an invocation ${rows} consecutive rows by ${quads} quads of columns, 8 quads apart. Each step of
// the sum loads ${depth} terms of both factors, every number once; while a tile is multiplied, the next one is loaded from memory into
// registers. lib/tile_loads.wgsl has the loads.
const tile_rows = 8u * ${rows}u;
const tile_quads = 8u * ${quads}u;
// A row of a has ${depth} terms and a vec4 of padding, so that neighbors that each read or write a row use different banks.
const a_row = depth_quads + 1u;
const b_row = tile_quads;
const a_size = tile_rows * a_row;
const b_size = ${depth}u * b_row;

var<workgroup> a_tile: array<vec4f, ${buffers} * ${a_length}>;
var<workgroup> b_tile: array<vec4f, ${buffers} * ${b_length}>;

fn store_a(at: u32, value: vec4f) { a_tile[at] = value; }
fn store_b(at: u32, value: vec4f) { b_tile[at] = value; }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let tile = tile_of(group, groups);
  let range = terms(tile.part);
  let share = share_of(tile, index);
  // An invocation adds up the products of these rows and columns.
  let mine = (index >> 3u) * ${rows}u;
  let own = index & 7u;
%for i in 0..${rows}
%for h in 0..${quads}
  var y$i$h = vec4f();
%end
%end
#if ${stores_db}
  var bias = vec4f();
#endif
  var loads: Loads;
  // There is one more round than there are tiles: the first round multiplies nothing, the last one loads nothing.
  var a_at = 0u;
  var b_at = 0u;
  for (var term = range.x; ; term += depth_quads) {
    if (term < range.y) {
      loads = load_tiles(tile, share, term, range.y);
#if ${stores_db}
      bias += loads.b[0] + loads.b[1] + loads.b[2] + loads.b[3];
#endif
    }
    if (term > range.x) {
      for (var i = 0u; i < depth_quads; i++) {
%for k in 0..4
%for h in 0..${quads}
        let b$k$h = b_tile[b_at + (4u * i + $ku) * b_row + own + 8u * $hu];
%end
%end
%for i in 0..${rows}
        let a$i = a_tile[a_at + (mine + $iu) * a_row + i];
%for h in 0..${quads}
        y$i$h = y$i$h + a$i.x * b0$h + a$i.y * b1$h + a$i.z * b2$h + a$i.w * b3$h;
%end
%end
      }
    }
    if (term >= range.y) { break; }
#if ${double}
    // Writes the other half of the memory, whose last readers have passed the barrier of the previous round.
    a_at = a_size - a_at;
    b_at = b_size - b_at;
#else
    workgroupBarrier();
#endif
    store_tiles(share, loads, a_at, b_at);
    workgroupBarrier();
  }
  // This is a loop because every additional store in the text would be compiled separately.
  var sums = array<vec4f, ${quads} * ${rows}>(
%for h in 0..${quads}
%for i in 0..${rows}
    y$i$h,
%end
%end
  );
  for (var i = 0u; i < ${quads}u * ${rows}u; i += 4u) {
    let column = tile.column + 4u * (own + i / ${rows}u * 8u);
    finish(tile.row + mine + i % ${rows}u, tile.part, column, mat4x4f(sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u]));
  }
#if ${stores_db}
  // The invocations of a column have the sums of different terms, which the first one adds up in order.
  workgroupBarrier();
  if (index < depth_quads * tile_quads) { b_tile[index] = bias; }
  workgroupBarrier();
  let co = tile.column + 4u * index;
  if (tile.row == 0u && index < tile_quads && co < out_channels) {
    bias = vec4f();
    for (var i = 0u; i < depth_quads; i++) { bias += b_tile[i * tile_quads + index]; }
    store_db(tile.part * out_channels + co, out_channels - co, bias);
  }
#endif
}
