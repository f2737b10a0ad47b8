
// A product of matrices on tensor cores, in place of lib/workgroup_tiles.wgsl. The ${size} invocations of a workgroup keep tiles of both factors
// in workgroup memory, rounded to float16. A workgroup owns ${tile_rows} rows by ${tile_quads} quads of columns of the result, and a subgroup ${down} by
// ${across} matrices of ${m} rows by ${n} columns. Each step of the sum loads ${depth} terms of both factors, every number once; while a tile is
// multiplied, the next one is loaded from memory into registers. lib/tile_loads.wgsl has the loads.
const tile_rows = ${tile_rows}u;
const tile_quads = ${tile_quads}u;
// Rows and columns of a matrix. Each subgroup has a unit of the tile: some matrices below and next to each other.
const m = ${m}u;
const n = ${n}u;
const units = ${units}u;
const units_across = ${units_across}u;
// Rows are padded, so that neighbors that each read or write a row use different banks.
const a_row = depth_quads + ${padding}u;
const b_row = tile_quads + ${padding}u;

// Gradients are scaled before they are rounded, because most of them are smaller than what float16 resolves.
var<workgroup> a_tile: array<f16, ${a_length}>;
var<workgroup> b_tile: array<f16, ${b_length}>;
// A matrix of each unit, and one for further subgroups, which there are if subgroups are smaller than they may be.
var<workgroup> sums: array<f32, ${sums_length}>;

fn store_a(at: u32, value: vec4f) {
  let half = vec4<f16>(${scale_a}value);
%for c in 0..4
  a_tile[4u * at + $cu] = half[$c];
%end
}
fn store_b(at: u32, value: vec4f) {
  let half = vec4<f16>(${scale_b}value);
%for c in 0..4
  b_tile[4u * at + $cu] = half[$c];
%end
}
fn keep(at: u32, value: vec4f) {
%for c in 0..4
  sums[4u * at + $cu] = value[$c];
%end
}
fn kept(at: u32) -> vec4f { return vec4f(sums[4u * at], sums[4u * at + 1u], sums[4u * at + 2u], sums[4u * at + 3u]); }

// The first row and column of a unit.
fn unit_at(unit: u32) -> vec2u {
  return vec2u(unit / units_across, unit % units_across) * vec2u(${down}u * m, ${across}u * n);
}

@compute @workgroup_size(${size})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let tile = tile_of(group, groups);
  let range = terms(tile.part);
  let share = share_of(tile, index);
  // A subgroup adds up the products of its unit; one beyond the last unit repeats another's.
  let unit = unit_at(subgroup % units);
%for i in 0..${down}
%for h in 0..${across}
  var y$i$h: subgroup_matrix_result<f32, ${n}, ${m}>;
%end
%end
#if ${stores_db}
  var bias = vec4f();
#endif
  var loads: Loads;
  // There is one more round than there are tiles: the first round multiplies nothing, the last one loads nothing.
  for (var term = range.x; ; term += depth_quads) {
    if (term < range.y) {
      loads = load_tiles(tile, share, term, range.y);
#if ${stores_db}
      bias += loads.b[0] + loads.b[1] + loads.b[2] + loads.b[3];
#endif
    }
    if (term > range.x) {
      for (var t = 0u; t < ${depth}u; t += ${k}u) {
%for h in 0..${across}
        let b$h = subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>${layout}>(&b_tile, t * 4u * b_row + unit.y + $hu * n${is_column_major}, 4u * b_row);
%end
%for i in 0..${down}
        let a$i = subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>${layout}>(&a_tile, (unit.x + $iu * m) * 4u * a_row + t${is_column_major}, 4u * a_row);
%for h in 0..${across}
        y$i$h = subgroupMatrixMultiplyAccumulate(a$i, b$h, y$i$h);
%end
%end
      }
    }
    if (term >= range.y) { break; }
    workgroupBarrier();
    store_tiles(share, loads, 0u, 0u);
    workgroupBarrier();
  }
  // In each round, every subgroup copies one of its matrices to workgroup memory, where an invocation finds four rows by four columns. The
  // last barrier of a round protects the matrices until all are read; the first round needs none before it, because nothing else uses sums.
  for (var round = 0u; round < ${down}u * ${across}u; round++) {
%for i in 0..${down}
%for h in 0..${across}
    if (round == $iu * ${across}u + $hu) { subgroupMatrixStore${stored_layout}(&sums, min(subgroup, units) * m * n, y$i$h${is_column_major}, n); }
%end
%end
    workgroupBarrier();
    let start = vec2u(round / ${across}u * m, round % ${across}u * n);
    for (var i = index; i < units * m * n / 16u; i += ${size}u) {
      let unit = i / (m * n / 16u);
      let block = i % (m * n / 16u);
      let place = vec2u(block / (n / 4u), block % (n / 4u)) * 4u;
      let at = ((unit * m + place.x) * n + place.y) / 4u;
      let y = unit_at(unit) + start + place;
      finish(tile.row + y.x, tile.part, tile.column + y.y, mat4x4f(
%for j in 0..4
        ${unscale}kept(at + $ju * n / 4u),
%end
      ));
    }
    workgroupBarrier();
  }
#if ${stores_db}
  // The invocations of a column have the sums of different terms, which the first one adds up in order.
  if (index < depth_quads * tile_quads) { keep(index, bias); }
  workgroupBarrier();
  let co = tile.column + 4u * index;
  if (tile.row == 0u && index < tile_quads && co < out_channels) {
    bias = vec4f();
    for (var i = 0u; i < depth_quads; i++) { bias += kept(i * tile_quads + index); }
    store_db(tile.part * out_channels + co, out_channels - co, bias);
  }
#endif
}
