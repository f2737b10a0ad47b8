
// A product of matrices in tiles that the 64 invocations of a workgroup keep in workgroup memory. A workgroup owns 8 x ${rows} rows by
// 32 x ${quads} columns of the result, and an invocation ${rows} consecutive rows by ${quads} quads of columns, 8 quads apart. Each step of
// the sum loads ${depth} terms of both factors, every number once; while a tile is multiplied, the next one is loaded from memory into
// registers.
const depth_quads = ${depth}u / 4u;
const tile_rows = 8u * ${rows}u;
const tile_quads = 8u * ${quads}u;
// A row of a has ${depth} terms and a vec4 of padding, so that neighbors that each read or write a row use different banks.
const a_row = depth_quads + 1u;
const a_size = tile_rows * a_row;
const b_size = ${depth}u * tile_quads;

var<workgroup> a_tile: array<vec4f, ${buffers} * ${a_length}>;
var<workgroup> b_tile: array<vec4f, ${buffers} * ${b_length}>;

// The part of a tile that an invocation loads.
struct Loads { a: array<vec4f, ${loads}>, b: mat4x4f, }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
#if ${parted}
#else
  @builtin(num_workgroups) groups: vec3u,
#endif
  @builtin(local_invocation_index) index: u32,
) {
#if ${parted}
  let tile = group.x;
  let part = group.y;
#else
  let tile = group.y * groups.x + group.x;
  let part = 0u;
#endif
  let column_tiles = (columns() + 4u * tile_quads - 1u) / (4u * tile_quads);
  let first = tile / column_tiles * tile_rows;
  let first_column = tile % column_tiles * tile_quads * 4u;
  let range = terms(part);
#if ${blocks}
  // An invocation loads a block of a, four rows by four terms, and one of b. Neighbors load neighboring rows and columns.
  let a_quad = index / (tile_rows / 4u);
  let a_place = index % (tile_rows / 4u) * 4u;
  let chunk = chunk_at(min((first + a_place) / 4u, (kernel_height * kernel_width * in_channels + 3u) / 4u - 1u));
#else
  // An invocation loads the same four terms of ${loads} rows of a, and a block of b, four terms by four columns. Neighbors load neighboring
  // terms of a, and neighboring columns of b.
  let a_quad = index % depth_quads;
  let a_place = index / depth_quads;
%for i in 0..${loads}
  let p$i = pixel_at(first + a_place + $iu * (64u / depth_quads));
%end
#endif
  let b_quad = index / tile_quads;
  let column = index % tile_quads;
  // It adds up the products of these rows and columns.
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
#if ${blocks}
      if (index < tile_rows / 4u * depth_quads) {
        let block = load_rows(chunk, term + a_quad);
%for i in 0..4
        loads.a[$i] = select(vec4f(), vec4f(block[0][$i], block[1][$i], block[2][$i], block[3][$i]), term + a_quad < range.y);
%end
      }
#else
%for i in 0..${loads}
#if ${ragged}
      loads.a[$i] = select(vec4f(), load_a(p$i, term + a_quad), term + a_quad < range.y);
#else
      loads.a[$i] = load_a(p$i, term + a_quad);
#endif
%end
#endif
      if (index < depth_quads * tile_quads) {
        loads.b = load_b(term + b_quad, first_column + 4u * column);
#if ${ragged}
        if (term + b_quad >= range.y) { loads.b = mat4x4f(); }
#endif
#if ${stores_db}
        bias += loads.b[0] + loads.b[1] + loads.b[2] + loads.b[3];
#endif
      }
    }
    if (term > range.x) {
      for (var i = 0u; i < depth_quads; i++) {
%for k in 0..4
%for h in 0..${quads}
        let b$k$h = b_tile[b_at + (4u * i + $ku) * tile_quads + own + 8u * $hu];
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
#if ${blocks}
    if (index < tile_rows / 4u * depth_quads) {
%for i in 0..4
      a_tile[a_at + (a_place + $iu) * a_row + a_quad] = loads.a[$i];
%end
    }
#else
%for i in 0..${loads}
    a_tile[a_at + (a_place + $iu * (64u / depth_quads)) * a_row + a_quad] = loads.a[$i];
%end
#endif
    if (index < depth_quads * tile_quads) {
%for k in 0..4
      b_tile[b_at + (4u * b_quad + $ku) * tile_quads + column] = loads.b[$k];
%end
    }
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
    let at = first_column + 4u * (own + i / ${rows}u * 8u);
    finish(first + mine + i % ${rows}u, part, at, mat4x4f(sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u]));
  }
#if ${stores_db}
  // The invocations of a column have the sums of different terms, which the first one adds up in order.
  workgroupBarrier();
  if (index < depth_quads * tile_quads) { b_tile[index] = bias; }
  workgroupBarrier();
  let co = first_column + 4u * index;
  if (first == 0u && index < tile_quads && co < out_channels) {
    bias = vec4f();
    for (var i = 0u; i < depth_quads; i++) { bias += b_tile[i * tile_quads + index]; }
    store_db(part * out_channels + co, out_channels - co, bias);
  }
#endif
}
