// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
// conv2d_forward as a product of matrices: pixels by terms (kh,kw,ci), times terms by output channels. This file locates their elements;
// lib/workgroup_tiles.wgsl or lib/split_sum.wgsl describes what an invocation and a workgroup compute. If a pool follows, four consecutive
// pixels are the window of a pooled cell.
@group(0) @binding(0) var<storage, read> ${x}: array<${load}>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<${out}>;
#if ${pooled}
@group(0) @binding(4) var<storage, read_write> argmax: array<u32>; // four positions per word, 8 bits each
#endif

override in_channels: u32;
override out_channels: u32;
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif

fn columns() -> u32 { return out_channels; }

// Four output channels of a term.
fn load_w(term: u32, co: u32, left: u32) -> vec4f {
#if ${scalar}
  if (term >= term_count()) { return vec4f(); }
#endif
  return load_quad(term * out_channels + co, left);
}

// Four output channels of four terms: a column for each term.
fn load_b(term: u32, column: u32) -> mat4x4f {
  let co = min(column, (out_channels - 1u) / 4u * 4u);
  let left = out_channels - co;
  return mat4x4f(load_w(4u * term, co, left), load_w(4u * term + 1u, co, left), load_w(4u * term + 2u, co, left), load_w(4u * term + 3u, co, left));
}

// The sums of four pixels in a row: a column for each.
fn finish(first: u32, part: u32, co: u32, sums: mat4x4f) {
  let shift = bias(min(co, (out_channels - 1u) / 4u * 4u), out_channels - 1u);
#if ${pooled}
  store_winner(first / 4u, co, sums[0], sums[1], sums[2], sums[3], shift);
#else
  for (var i = 0u; i < 4u; i++) { store(first + i, co, activate(sums[i] + shift)); }
#endif
}
