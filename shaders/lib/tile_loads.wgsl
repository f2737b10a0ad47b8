
// How the ${size} invocations of a workgroup find its tile of the result, and load the tiles of both factors: what products in workgroup memory
// have in common, with and without tensor cores. The file before this one defines the sizes of a tile, how its rows lie in workgroup memory,
// and how four numbers are stored there. A tile has ${depth} terms.
const depth_quads = ${depth}u / 4u;

// The first row and column of the result that a workgroup owns, and its part of the sum.
struct Tile { row: u32, column: u32, part: u32, }

fn tile_of(group: vec3u, groups: vec3u) -> Tile {
#if ${parted}
  let index = group.x;
  let part = group.y;
#else
  let index = group.y * groups.x + group.x;
  let part = 0u;
#endif
  let across = (columns() + 4u * tile_quads - 1u) / (4u * tile_quads);
  return Tile(index / across * tile_rows, index % across * tile_quads * 4u, part);
}

// What an invocation loads of each tile of a: its quad of terms and its first row, and where the rows are in memory. Of b, it loads a quad of
// terms by a quad of columns. Neighbors load neighboring columns of b.
struct Share {
  a_quad: u32,
  a_place: u32,
#if ${blocks}
  chunk: Chunk, // four consecutive rows; neighbors load neighboring rows
#else
  pixels: array<Pixel, ${loads}>, // ${size} / depth_quads rows apart; neighbors load neighboring terms
#endif
  b_quad: u32,
  b_place: u32,
}

fn share_of(tile: Tile, index: u32) -> Share {
  var share: Share;
#if ${blocks}
  share.a_quad = index / (tile_rows / 4u);
  share.a_place = index % (tile_rows / 4u) * 4u;
  share.chunk = chunk_at(min((tile.row + share.a_place) / 4u, (kernel_height * kernel_width * in_channels + 3u) / 4u - 1u));
#else
  share.a_quad = index % depth_quads;
  share.a_place = index / depth_quads;
%for i in 0..${loads}
  share.pixels[$i] = pixel_at(tile.row + share.a_place + $iu * (${size}u / depth_quads));
%end
#endif
  share.b_quad = index / tile_quads;
  share.b_place = index % tile_quads;
  return share;
}

// An invocation's share of the numbers of two tiles, in registers.
struct Loads { a: array<vec4f, ${loads}>, b: mat4x4f, }

// Loads the tiles that begin at a quad of terms; terms from the end of the sum on are 0.
fn load_tiles(tile: Tile, share: Share, term: u32, end: u32) -> Loads {
  var loads: Loads;
  let a_term = term + share.a_quad;
#if ${blocks}
  if (share.a_quad < depth_quads) {
    let block = load_rows(share.chunk, a_term);
%for i in 0..4
    loads.a[$i] = select(vec4f(), vec4f(block[0][$i], block[1][$i], block[2][$i], block[3][$i]), a_term < end);
%end
  }
#else
%for i in 0..${loads}
#if ${ragged}
  loads.a[$i] = select(vec4f(), load_a(share.pixels[$i], a_term), a_term < end);
#else
  loads.a[$i] = load_a(share.pixels[$i], a_term);
#endif
%end
#endif
  if (share.b_quad < depth_quads) {
    let b_term = term + share.b_quad;
    loads.b = load_b(b_term, tile.column + 4u * share.b_place);
#if ${ragged}
    if (b_term >= end) { loads.b = mat4x4f(); }
#endif
  }
  return loads;
}

// Writes them to the tiles that begin at these places in workgroup memory.
fn store_tiles(share: Share, loads: Loads, a_at: u32, b_at: u32) {
#if ${blocks}
  if (share.a_quad < depth_quads) {
%for i in 0..4
    store_a(a_at + (share.a_place + $iu) * a_row + share.a_quad, loads.a[$i]);
%end
  }
#else
%for i in 0..${loads}
  store_a(a_at + (share.a_place + $iu * (${size}u / depth_quads)) * a_row + share.a_quad, loads.a[$i]);
%end
#endif
  if (share.b_quad < depth_quads) {
%for k in 0..4
    store_b(b_at + (4u * share.b_quad + $ku) * b_row + share.b_place, loads.b[$k]);
%end
  }
}
