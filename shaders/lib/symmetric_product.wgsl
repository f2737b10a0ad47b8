
// s = left^T right, if it is symmetric, like every product x^T x and every product of polynomials of one symmetric matrix.
// One invocation owns 8 rows of 4 columns: the quads i and i + 1 of the rows, and the quad j of the columns. 4 neighbors share the
// rows and own 16 columns together, so that each loads a quarter of the rows and shares them. Two such tiles are a block. Only the blocks
// on the diagonal and to the right of it are computed; results are also stored at their mirror positions.
struct Tile {
  i: u32,
  j: u32,
  real: bool, // surplus tiles of the last workgroup repeat other tiles and store nothing
}

struct Sums {
%for q in 0..2
%for r in 0..4
  s$q$r: vec4f,
%end
%end
}

fn tile_of(it: Matrix, first: u32, index: u32) -> Tile {
  let blocks = (it.quads + 3u) / 4u;
  let tile = first + index / 4u;
  let block = min(tile, blocks * (blocks + 1u) - 1u) / 2u;
  var column = u32((sqrt(f32(8u * block + 1u)) - 1.0) / 2.0);
  if (column * (column + 1u) / 2u > block) { column -= 1u; } // the root may be slightly off
  if ((column + 1u) * (column + 2u) / 2u <= block) { column += 1u; }
  let row = block - column * (column + 1u) / 2u;
  return Tile(4u * row + 2u * (tile % 2u), 4u * column + index % 4u, tile < blocks * (blocks + 1u));
}

// The sum over rows, a multiple of four, of matrices that begin at these vec4s.
fn product(it: Matrix, tile: Tile, left: u32, right: u32, begin: u32, end: u32) -> Sums {
  let n = it.quads;
  let i0 = left + min(tile.i, n - 1u);
  let i1 = left + min(tile.i + 1u, n - 1u);
  let j = right + min(tile.j, n - 1u);
%for q in 0..2
%for r in 0..4
  var s$q$r = vec4f();
%end
%end
  for (var k = begin; k < end; k += 4u) {
%for k in 0..4
    let y$k = ${right}[j + (k + $ku) * n];
%end
    let m = mat4x4f(y0, y1, y2, y3);
#if ${subgroups}
    let row = (k + tile.j % 4u) * n;
%for q in 0..2
    let x$q = ${left}[i$q + row];
%for r in 0..4
    s$q$r += m * vec4f(quadBroadcast(x$q[$r], 0u), quadBroadcast(x$q[$r], 1u), quadBroadcast(x$q[$r], 2u), quadBroadcast(x$q[$r], 3u));
%end
%end
#else
%for q in 0..2
%for k in 0..4
    let x$q$k = ${left}[i$q + (k + $ku) * n];
%end
%for r in 0..4
    s$q$r += m * vec4f(x$q0[$r], x$q1[$r], x$q2[$r], x$q3[$r]);
%end
%end
#endif
  }
  return Sums(s00, s01, s02, s03, s10, s11, s12, s13);
}

// The quads (i, j) and (j, i) of the square matrix that begins at a vec4. Blocks on the diagonal use the elements to the right of it, so
// that the matrix is exactly symmetric.
fn store(it: Matrix, tile: Tile, i: u32, at: u32, s0: vec4f, s1: vec4f, s2: vec4f, s3: vec4f) {
  if (!tile.real || tile.j >= it.quads || i > tile.j) { return; }
  let mirrored = i == tile.j;
%for r in 0..4
  let t$r = vec4f(s0[$r], s1[$r], s2[$r], s3[$r]);
  let v$r = select(s$r, t$r, vec4<bool>(mirrored) & (vec4u(0u, 1u, 2u, 3u) < vec4u($ru)));
  put(at + (4u * i + $ru) * it.quads + tile.j, v$r);
%end
  if (mirrored) { return; }
%for r in 0..4
  put(at + (4u * tile.j + $ru) * it.quads + i, t$r);
%end
}
