// dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * dy[n,oy,ox,co];  db[co] = sum of dy
// conv2d_backward_w as a product of matrices: rows of w (kh,kw,ci) by terms (n,oy,ox), times terms by output channels. This file locates
// their elements; lib/workgroup_tiles.wgsl describes what an invocation and a workgroup compute. Each part is the sum over its share of the
// images: dw[part, kh,kw,ci, co], added up by sum_parts. If a pool follows, a quad of terms is the window of one pooled cell, in which only
// the maximum has a gradient.
@group(0) @binding(0) var<storage, read> ${x}: array<${load}>;
@group(0) @binding(1) var<storage, read> ${dy}: array<${out}>;
@group(0) @binding(2) var<storage, read_write> dw: array<${out}>;
#if ${use_bias}
@group(0) @binding(3) var<storage, read_write> db: array<${db}>;
#endif
#if ${pooled}
@group(0) @binding(4) var<storage, read> argmax: array<u32>;
#endif

override in_channels: u32;
override out_channels: u32;
override parts: u32;
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif

fn columns() -> u32 { return out_channels; }

// Quads of terms: four pixels of a row, the last of which may lie beyond its end.
#if ${pooled}
fn quads_a_row() -> u32 { return out_width; }
#else
fn quads_a_row() -> u32 { return (out_width + 3u) / 4u; }
#endif

#if ${pointwise}
// The pixels of all images form one row, so that no row or image ends within a quad, and the parts divide the quads of this row.
fn terms(part: u32) -> vec2u {
  let ends = vec2u(part, part + 1u);
  return ends * (quads_a_row() / parts) + min(ends, vec2u(quads_a_row() % parts));
}

// The image, row and first column of a quad of terms.
fn place_of(term: u32) -> vec3u { return vec3u(0u, 0u, 4u * term); }
#else
// The first of the quads of terms of a part, and the one after the last.
fn terms(part: u32) -> vec2u {
  return vec2u(batch * part / parts, batch * (part + 1u) / parts) * out_height * quads_a_row();
}

// The image, row and first column of a quad of terms.
fn place_of(term: u32) -> vec3u {
  let row = term / quads_a_row();
  return vec3u(row / out_height, row % out_height, term % quads_a_row() * ${step});
}
#endif

// Four rows of w of four terms: a column for each term.
fn load_rows(chunk: Chunk, term: u32) -> mat4x4f {
  let place = place_of(term);
  return mat4x4f(
%for j in 0..4
    load_x(place.x, window(place.y, place.z, $ju), chunk),
%end
  );
}

// Four output channels of four terms: a column for each term.
fn load_b(term: u32, column: u32) -> mat4x4f {
  let place = place_of(term);
  let co = min(column, (out_channels - 1u) / 4u * 4u);
  return four_dy(place.x, place.y, place.z, co, out_channels - co).columns;
}

// The sums of four rows of w in a row: a column for each.
fn finish(first: u32, part: u32, co: u32, sums: mat4x4f) {
  for (var i = 0u; i < 4u; i++) { store(first + i, part, co, sums[i]); }
}
