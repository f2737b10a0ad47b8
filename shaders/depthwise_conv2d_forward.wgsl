// y[n,oy,ox,c*multiplier+m] = act(b + sum over kh,kw of x[n, oy*sy+kh-top, ox*sx+kw-left, c] * w[kh,kw,c,m])
// One invocation owns 4 adjacent pixels and 4 output channels. A short kernel row is unrolled, so that each column of x is loaded once for
// all pixels whose windows contain it. With dilation, kh and kw count in steps of dilation_y rows and dilation_x columns of x.
@group(0) @binding(0) var<storage, read> x: array<${in}>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<${out}>;

override channels: u32;
override multiplier: u32;
override dilation_y: u32;
override dilation_x: u32;

fn load_w(kh: u32, kw: u32, co: u32) -> vec4f {
  let out_channels = channels * multiplier;
  return load_quad((kh * kernel_width + kw) * out_channels + co, out_channels - co);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let out_channels = channels * multiplier;
  let quads = (out_channels + 3u) / 4u;
  let tiles_a_row = (out_width + 3u) / 4u;
  let co = index % quads * 4u;
  let ox = index / quads % tiles_a_row * 4u;
  let row = index / quads / tiles_a_row;
  if (row >= batch * out_height) { return; }
  let c = channels_of(co);
  let ix = ox * stride_x - pad_left; // below zero it wraps around to far beyond the last column
%for p in 0..4
  var y$p = vec4f();
%end
  for (var kh = 0u; kh < kernel_height; kh++) {
    let iy = row % out_height * stride_y + kh * dilation_y - pad_top;
#if ${padded}
    if (iy >= in_height) { continue; }
#endif
    let row_of_x = (row / out_height * in_height + iy) * in_width;
#if ${written_out}
%for i in 0..${columns}
    let x$i = load_x(row_of_x, ix + $iu, c);
%end
%for k in 0..${taps}
    let w$k = load_w(kh, $ku, co);
%end
    ${sums}
#else
    for (var kw = 0u; kw < kernel_width; kw++) {
      let weight = load_w(kh, kw, co);
%for p in 0..4
      y$p += load_x(row_of_x, ix + $pu * stride_x + kw * dilation_x, c) * weight;
%end
    }
#endif
  }
  let shift = bias(co, out_channels - 1u);
%for p in 0..4
  if (ox + $pu < out_width) { store_quad((row * out_width + ox + $pu) * out_channels + co, out_channels - co, activate(y$p + shift)); }
%end
}
