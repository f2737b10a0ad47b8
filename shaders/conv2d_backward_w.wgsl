// dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * dy[n,oy,ox,co];  db[co] = sum of dy
// One invocation owns ${chunks} x 4 rows (kh,kw,ci) x ${across} x 4 output channels, 16 apart, and iterates over the pixels of its share of the images,
// four at a time; 4 neighbors share the rows. The shares give parts of the sum, dw[part, kh,kw,ci, co], which sum_parts adds up. If a pool
// follows, the four pixels are the window of one pooled cell, in which only the maximum has a gradient. Requires in_channels % 4 = 0. This
// is also the filter gradient of a transposed convolution, with x and dy exchanged. db is then the sum of the transposed convolution's dy
// over all pixels of the larger image, which one additional workgroup per part computes.
@group(0) @binding(0) var<storage, read> ${x}: array<vec4f>;
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

const rows_a_tile = 4u * ${chunks}u;

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index & 3u;
  let channel_tiles = (out_channels + 15u) / (16u * ${across}u);
#if ${sums_dy}
  if (group.x * ${tiles}u / channel_tiles * rows_a_tile >= kernel_height * kernel_width * in_channels) {
    sum_of_dy(group.y, index);
    return;
  }
#endif
  let tile = group.x * ${tiles}u + (index >> 2u);
  let co_wanted = tile % channel_tiles * 16u * ${across}u + lane * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
  let left = out_channels - co;
  let row_tile = tile / channel_tiles; // surplus tiles of the last workgroup repeat other tiles and store nothing
  let part = group.y;
  let last_chunk = kernel_height * kernel_width * in_channels / 4u - 1u;
%for c in 0..${chunks}
  let chunk$c = chunk_at(min(row_tile * ${chunks}u + $cu, last_chunk));
%for r in 0..4
%for a in 0..${across}
  var w$c$r$a = vec4f();
%end
%end
%end
%for a in 0..${across}
  var bias$a = vec4f();
%end
  // One loop instead of three, because on SwiftShader entering a loop that carries these sums costs as much as an iteration.
  var n = batch * part / parts;
  let end = batch * (part + 1u) / parts;
  var oy = 0u;
  var ox = 0u;
  while (n < end) {
%for a in 0..${across}
    let m$a = four_dy(n, oy, ox, co + 16u * $au, left);
    bias$a += m$a.sum;
%end
#if ${subgroups}
    let mine = window(oy, ox, lane);
%for c in 0..${chunks}
    let x$c = load_x(n, mine, chunk$c);
%for r in 0..4
    w$c$r0 += m0.columns * vec4f(quadBroadcast(x$c[$r], 0u), quadBroadcast(x$c[$r], 1u), quadBroadcast(x$c[$r], 2u), quadBroadcast(x$c[$r], 3u));
%end
%end
#else
%for c in 0..${chunks}
%for j in 0..4
    let x$c$j = load_x(n, window(oy, ox, $ju), chunk$c);
%end
%for r in 0..4
%for a in 0..${across}
    w$c$r$a += m$a.columns * vec4f(x$c0[$r], x$c1[$r], x$c2[$r], x$c3[$r]);
%end
%end
%end
#endif
    ox += ${step};
    let row_ends = ox >= out_width;
    ox = select(ox, 0u, row_ends);
    oy += u32(row_ends);
    let image_ends = oy == out_height;
    oy = select(oy, 0u, image_ends);
    n += u32(image_ends);
  }
  // This is a loop because every additional store in the text would be compiled separately.
%for a in 0..${across}
  var sums$a = array<vec4f, rows_a_tile>(
%for c in 0..${chunks}
    w$c0$a, w$c1$a, w$c2$a, w$c3$a,
%end
  );
  for (var r = 0u; r < rows_a_tile; r++) { store(row_tile * rows_a_tile + r, part, co_wanted + 16u * $au, sums$a[r]); }
#if ${stores_db}
  if (row_tile == 0u && co_wanted < out_channels) { store_db(part * out_channels + co + 16u * $au, left, bias$a); }
#endif
%end
}
