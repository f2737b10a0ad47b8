// dw[kh,kw,c,m] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, c] * dy[n,oy,ox,c*multiplier+m];  db = sum of dy
// One invocation owns ${taps} adjacent elements of a kernel row x 4 output channels, and iterates over its share of the rows of y. The
// shares give parts of the sum, dw[part, kh,kw,c,m], which sum_parts adds up. If windows move by one column and are not dilated, the
// elements' columns of x slide through registers, so that each pixel loads only one of them. With dilation, kh and kw count in steps of
// dilation_y rows and dilation_x columns of x.
@group(0) @binding(0) var<storage, read> x: array<${in}>;
@group(0) @binding(1) var<storage, read> dy: array<${out}>;
@group(0) @binding(2) var<storage, read_write> dw: array<${out}>;
#if ${use_bias}
@group(0) @binding(3) var<storage, read_write> db: array<${out}>;
#endif

override channels: u32;
override multiplier: u32;
override dilation_y: u32;
override dilation_x: u32;
override parts: u32;

const taps = ${taps}u;
#if ${padded}
const far_right = 0x40000000u;
#endif

fn store(kh: u32, kw: u32, part: u32, co: u32, value: vec4f) {
  if (kw >= kernel_width) { return; }
  let out_channels = channels * multiplier;
  store_quad(((part * kernel_height + kh) * kernel_width + kw) * out_channels + co, out_channels - co, value);
}

@compute @workgroup_size(${workgroup_size})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = group.x * ${workgroup_size}u + local;
  let part = group.y;
  let out_channels = channels * multiplier;
  let quads = (out_channels + 3u) / 4u;
  let tiles_a_row = (kernel_width + taps - 1u) / taps;
  let co = index % quads * 4u;
  let kw = index / quads % tiles_a_row * taps;
  let kh = index / quads / tiles_a_row;
  if (kh >= kernel_height) { return; }
  let c = channels_of(co);
%for k in 0..${taps}
  var w$k = vec4f();
  var x$k = vec4f();
%end
  var bias = vec4f();
  let rows = batch * out_height;
  let rows_a_part = (rows + parts - 1u) / parts;
  let end = min(rows, (part + 1u) * rows_a_part);
  for (var row = part * rows_a_part; row < end; row++) {
    let iy = row % out_height * stride_y + kh * dilation_y - pad_top;
#if ${padded}
    // A row outside the image (one below zero wraps around to far beyond the end) is read at columns beyond its end, which are zero.
    let row_of_x = (row / out_height * in_height + min(iy, in_height - 1u)) * in_width;
    var ix = select(far_right, kw * dilation_x - pad_left, iy < in_height);
#else
    let row_of_x = (row / out_height * in_height + iy) * in_width;
    var ix = kw * dilation_x;
#endif
#if ${sliding}
%for k in 1..${taps}
    x$k = load_x(row_of_x, ix + $ku - 1u, c);
%end
    ix += taps - 1u;
#endif
    for (var ox = 0u; ox < out_width; ox++) {
      let value = load_quad((row * out_width + ox) * out_channels + co, out_channels - co);
      bias += value;
#if ${sliding}
      ${slide}
      ${newest} = load_x(row_of_x, ix, c);
      ix += 1u;
#else
%for k in 0..${taps}
      x$k = load_x(row_of_x, ix + $ku * dilation_x, c);
%end
      ix += stride_x;
#endif
%for k in 0..${taps}
      w$k += x$k * value;
%end
    }
  }
%for k in 0..${taps}
  store(kh, kw + $ku, part, co, w$k);
%end
#if ${stores_db}
  if (kh == 0u && kw == 0u) { store_db(part * out_channels + co, out_channels - co, bias); }
#endif
}
