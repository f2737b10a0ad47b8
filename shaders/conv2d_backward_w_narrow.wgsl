// dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * dy[n,oy,ox,co];  db[co] = sum of dy
// conv2d_backward_w for any number of input channels: one invocation owns 9 rows (kh,kw,ci) x ${across} x 4 output channels, which is a
// whole 3x3 window of a gray image. Otherwise it is the same: 4 neighbors share the rows, and the images are divided into parts. This is
// also the filter gradient of a transposed convolution, with x and dy exchanged. db is then the sum of the transposed convolution's dy over
// all pixels of the larger image, which one additional workgroup per part computes.
@group(0) @binding(0) var<storage, read> ${x}: array<f32>;
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
#if ${dilated}
override dilation_y: u32; // rows of x from one row of the kernel to the next
override dilation_x: u32;
#endif
override parts: u32;

// One row of dw: its kernel element, and its offset in x from the start of the window.
struct Row { kh: u32, kw: u32, offset: u32, }

fn row_at(index: u32) -> Row {
  let at = min(index, kernel_height * kernel_width * in_channels - 1u);
#if ${dilated}
  let kh = at / in_channels / kernel_width * dilation_y;
  let kw = at / in_channels % kernel_width * dilation_x;
#else
  let kh = at / in_channels / kernel_width;
  let kw = at / in_channels % kernel_width;
#endif
  return Row(kh, kw, (kh * in_width + kw) * in_channels + at % in_channels);
}

fn load_x(n: u32, window: vec2u, row: Row) -> f32 {
  let at = ((n * in_height + window.x) * in_width + window.y) * in_channels + row.offset;
#if ${padded}
  let inside = (window.x + row.kh < in_height) & (window.y + row.kw < in_width);
  return select(0.0, ${x}[at], inside);
#else
  return ${x}[at];
#endif
}

@compute @workgroup_size(4 * ${tiles})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index & 3u;
  let channel_tiles = (out_channels + 15u) / (16u * ${across}u);
#if ${sums_dy}
  if (group.x * ${tiles}u / channel_tiles * 9u >= kernel_height * kernel_width * in_channels) {
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
%for r in 0..9
  let row$r = row_at(row_tile * 9u + $ru);
%for a in 0..${across}
  var w$r$a = vec4f();
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
%for r in 0..9
    let x$r = load_x(n, mine, row$r);
    w$r0 += m0.columns * vec4f(quadBroadcast(x$r, 0u), quadBroadcast(x$r, 1u), quadBroadcast(x$r, 2u), quadBroadcast(x$r, 3u));
%end
#else
%for j in 0..4
    let at$j = window(oy, ox, $ju);
%end
%for r in 0..9
    let x$r = vec4f(load_x(n, at0, row$r), load_x(n, at1, row$r), load_x(n, at2, row$r), load_x(n, at3, row$r));
%for a in 0..${across}
    w$r$a += m$a.columns * x$r;
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
  var sums$a = array<vec4f, 9>(w0$a, w1$a, w2$a, w3$a, w4$a, w5$a, w6$a, w7$a, w8$a);
  for (var r = 0u; r < 9u; r++) { store(row_tile * 9u + r, part, co_wanted + 16u * $au, sums$a[r]); }
#if ${stores_db}
  if (row_tile == 0u && co_wanted < out_channels) { store_db(part * out_channels + co + 16u * $au, left, bias$a); }
#endif
%end
}
