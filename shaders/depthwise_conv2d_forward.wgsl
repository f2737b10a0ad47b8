// y[n,oy,ox,c*multiplier+m] = act(b + sum over kh,kw of x[n, oy*sy+kh-top, ox*sx+kw-left, c] * w[kh,kw,c,m])
// One invocation owns 4 pixels side by side and 4 output channels. A kernel's row that is short is written out: each column of
// x is loaded once for all pixels whose windows hold it. A dilated kernel's kh and kw count dilation_y rows and dilation_x
// columns of x.
#if ${vec_in}
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
#endif
#if ${vec_out}
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> w: array<f32>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<f32>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#endif

override batch: u32;
override in_height: u32;
override in_width: u32;
override channels: u32;
override multiplier: u32;
override out_height: u32;
override out_width: u32;
override kernel_height: u32;
override kernel_width: u32;
override stride_y: u32;
override stride_x: u32;
override pad_top: u32;
override pad_left: u32;
override dilation_y: u32;
override dilation_x: u32;

fn load_w(kh: u32, kw: u32, co: u32) -> vec4f {
  let out_channels = channels * multiplier;
  let at = (kh * kernel_width + kw) * out_channels + co;
#if ${vec_out}
  return w[at / 4u];
#else
  let left = out_channels - co;
  return vec4f(w[at], select(0.0, w[at + 1u], left > 1u), select(0.0, w[at + 2u], left > 2u), select(0.0, w[at + 3u], left > 3u));
#endif
}

fn store(pixel: u32, co: u32, value: vec4f) {
  let out_channels = channels * multiplier;
  let at = pixel * out_channels + co;
#if ${vec_out}
  y[at / 4u] = value;
#else
  for (var i = 0u; i < min(4u, out_channels - co); i++) { y[at + i] = value[i]; }
#endif
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
  let ix = ox * stride_x - pad_left; // may be below zero: it wraps round to what is far beyond the last column
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
  if (ox + $pu < out_width) { store(row * out_width + ox + $pu, co, activate(y$p + shift)); }
%end
}
