// dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, co] * w[kh,kw,ci,co]
// conv2d_backward_x as a product of matrices: pixels of x by terms (kh,kw,co), times terms by input channels. This file locates their
// elements; lib/workgroup_tiles.wgsl or lib/split_sum.wgsl describes what an invocation and a workgroup compute.
@group(0) @binding(0) var<storage, read> w: array<${load}>;
@group(0) @binding(1) var<storage, read> ${dy}: array<${load}>;
@group(0) @binding(2) var<storage, read_write> ${dx}: array<${in}>;
#if ${activated}
@group(0) @binding(3) var<storage, read> x: array<${in}>;
#endif

override in_channels: u32;
override out_channels: u32;
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif

fn columns() -> u32 { return in_channels; }

// Four input channels of four terms: a column for each term. Channels after the last one read it again, and store discards the result.
fn load_b(term: u32, column: u32) -> mat4x4f {
  let last = in_channels - 1u;
#if ${scalar}
  var columns = mat4x4f();
%for k in 0..4
  if (4u * term + $ku < term_count()) {
    let row = (4u * term + $ku) / out_channels * in_channels;
    let co = (4u * term + $ku) % out_channels;
    columns[$k] = vec4f(
%for i in 0..4
      w[(row + min(column + $iu, last)) * out_channels + co],
%end
    );
  }
%end
  return columns;
#else
  let quads = out_channels / 4u;
  let row = term / quads * in_channels;
  let step = term % quads;
  return transpose(mat4x4f(
%for i in 0..4
    w[(row + min(column + $iu, last)) * quads + step],
%end
  ));
#endif
}

// The sums of four pixels in a row: a column for each.
fn finish(first: u32, part: u32, ci: u32, sums: mat4x4f) {
  for (var i = 0u; i < 4u; i++) {
    let place = pixel_at(first + i).place;
    if (place != nowhere && ci < in_channels) { store_dx(place * in_channels + ci, in_channels - ci, sums[i]); }
  }
}
