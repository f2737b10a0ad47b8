// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
// conv2d_forward for a kernel of at most 9 rows (kh,kw,ci), such as a 3x3 window of a gray image: one invocation keeps
// its rows of w x 4 output channels in registers and iterates over 16 quads of pixels; 4 neighbors share each quad.
// A quad is four pixels in a row or, if a pool follows, the 2x2 window of one pooled cell.
@group(0) @binding(0) var<storage, read> x: array<f32>;
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

const quads_an_invocation = 16u;

// One row of w: its kernel element, and its offset in x from the start of the window. Rows after the last one read the last row's x and
// multiply it by zero.
struct Row { kh: u32, kw: u32, offset: i32, weight: vec4f, }

fn row_at(index: u32, co: u32) -> Row {
  let rows = kernel_height * kernel_width * in_channels;
  let at = min(index, rows - 1u);
#if ${dilated}
  let kh = at / in_channels / kernel_width * dilation_y;
  let kw = at / in_channels % kernel_width * dilation_x;
#else
  let kh = at / in_channels / kernel_width;
  let kw = at / in_channels % kernel_width;
#endif
  let weight = select(vec4f(), load_quad(at * out_channels + co, out_channels - co), index < rows);
  return Row(kh, kw, i32((kh * in_width + kw) * in_channels + at % in_channels), weight);
}

fn load_x(p: Pixel, row: Row) -> f32 {
#if ${padded}
  let inside = (u32(p.row) + row.kh < in_height) & (u32(p.column) + row.kw < in_width); // below zero wraps around
  return select(0.0, x[u32(p.at + row.offset)], inside);
#else
  return x[u32(p.at + row.offset)];
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index & 3u;
  let channel_tiles = (out_channels + 15u) / 16u;
  let tile = (group.y * groups.x + group.x) * 16u + (index >> 2u);
  let co_wanted = tile % channel_tiles * 16u + lane * 4u;
  let co = min(co_wanted, (out_channels - 1u) / 4u * 4u);
%for r in 0..9
  let row$r = row_at($ru, co);
%end
  let shift = bias(co, out_channels - 1u);
  let first_quad = tile / channel_tiles * quads_an_invocation;
  for (var i = 0u; i < quads_an_invocation; i++) {
    let quad = first_quad + i;
#if ${subgroups}
    let mine = pixel_at(quad * 4u + lane);
%for r in 0..9
    let x$r = load_x(mine, row$r);
%end
#endif
%for i in 0..4
    var y$i = vec4f();
#if ${subgroups}
%for r in 0..9
    y$i += quadBroadcast(x$r, $iu) * row$r.weight;
%end
#else
    let p$i = pixel_at(quad * 4u + $iu);
%for r in 0..9
    y$i += load_x(p$i, row$r) * row$r.weight;
%end
#endif
%end
#if ${pooled}
    store_winner(quad, co_wanted, y0, y1, y2, y3, shift);
#else
%for i in 0..4
    store(quad * 4u + $iu, co_wanted, activate(y$i + shift));
%end
#endif
  }
}
