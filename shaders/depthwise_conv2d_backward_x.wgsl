// dx[n,iy,ix,c] = act'(x) * sum over kh,kw,m of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, c*multiplier+m] * w[kh,kw,c,m]
// act is the activation that produced x, so dx is the gradient before it. One invocation owns 4 channels of ${pixels} adjacent pixels. If
// windows move by one column, a short kernel row is unrolled and each column of dy is loaded once for all pixels; otherwise a pixel visits
// only the windows that contain it. With dilation, kh and kw count in steps of dilation_y rows and dilation_x columns of x.
@group(0) @binding(0) var<storage, read> w: array<${in}>;
@group(0) @binding(1) var<storage, read> dy: array<${in}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${in}>;
#if ${activated}
@group(0) @binding(3) var<storage, read> x: array<${in}>;
#endif

override channels: u32;
override multiplier: u32;
override dilation_y: u32;
override dilation_x: u32;

const pixels_a_tile = ${pixels}u;

// Output channel m of four channels, in a tensor whose innermost dimensions are [channel, m]; `at` is where that begins.
// Channels after the last one read it again and are never stored.
#if ${vec_in}
fn load_w(at: u32, c: vec4u) -> vec4f { return w[(at + c.x) / 4u]; }
fn load_dy(at: u32, c: vec4u) -> vec4f { return dy[(at + c.x) / 4u]; }
#else
fn load_w(at: u32, c: vec4u) -> vec4f { return vec4f(w[at + c.x], w[at + c.y], w[at + c.z], w[at + c.w]); }
fn load_dy(at: u32, c: vec4u) -> vec4f { return vec4f(dy[at + c.x], dy[at + c.y], dy[at + c.z], dy[at + c.w]); }
#endif

// The first of the windows along an axis that contain position `at` of x, counted with the padding.
fn first_window(at: u32, kernel: u32, stride: u32, dilation: u32) -> u32 {
  let span = (kernel - 1u) * dilation + 1u;
  return select(0u, (at - span + stride) / stride, at >= span);
}

#if ${written_out}
// Column ox of a row of dy; zero beyond its ends. A column below zero wraps around to one beyond the end.
fn column_of_dy(row_of_dy: u32, ox: u32, c: vec4u) -> vec4f {
  return select(vec4f(), load_dy((row_of_dy + min(ox, out_width - 1u)) * channels * multiplier, c), ox < out_width);
}
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let quads = (channels + 3u) / 4u;
  let tiles_a_row = (in_width + pixels_a_tile - 1u) / pixels_a_tile;
  let c = index % quads * 4u;
  let ix = index / quads % tiles_a_row * pixels_a_tile;
  let row = index / quads / tiles_a_row;
  if (row >= batch * in_height) { return; }
  let image = row / in_height;
  let y_row = row % in_height + pad_top;
  let y_column = ix + pad_left;
%for p in 0..${pixels}
  var dx$p = vec4f();
%end
  for (var m = 0u; m < multiplier; m++) {
    let channel = min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(channels - 1u)) * multiplier + m;
    let end_oy = min(out_height, y_row / stride_y + 1u);
    for (var oy = first_window(y_row, kernel_height, stride_y, dilation_y); oy < end_oy; oy++) {
      let down = y_row - oy * stride_y;
#if ${dilated}
      if (down % dilation_y != 0u) { continue; }
#endif
      let row_of_dy = (image * out_height + oy) * out_width;
      let row_of_w = down / dilation_y * kernel_width;
#if ${written_out}
      let first_ox = y_column - (kernel_width - 1u) * dilation_x; // below zero it wraps around
%for i in 0..${columns}
      let dy$i = column_of_dy(row_of_dy, first_ox + $iu, channel);
%end
%for k in 0..${taps}
      let w$k = load_w((row_of_w + $ku) * channels * multiplier, channel);
%end
      ${sums}
#else
      let end_ox = min(out_width, y_column / stride_x + 1u);
      for (var ox = first_window(y_column, kernel_width, stride_x, dilation_x); ox < end_ox; ox++) {
        let right = y_column - ox * stride_x;
#if ${dilated}
        if (right % dilation_x != 0u) { continue; }
#endif
        let weight = load_w((row_of_w + right / dilation_x) * channels * multiplier, channel);
        dx0 += load_dy((row_of_dy + ox) * channels * multiplier, channel) * weight;
      }
#endif
    }
  }
%for p in 0..${pixels}
  if (ix + $pu < in_width) { store_dx((row * in_width + ix + $pu) * channels + c, channels - c, dx$p); }
%end
}
