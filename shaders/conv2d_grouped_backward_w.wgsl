// dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, first(co)+ci] * dy[n,oy,ox,co];  db[co] = sum of dy
// Output channel co reads the group_in input channels of its group, which start at first(co) = co / group_out * group_in; ci counts within
// them. One invocation owns 8 rows (kh,kw,ci) x 4 output channels of one group, and iterates over the pixels of its share of the images.
// The shares give parts of the sum, dw[part, kh,kw,ci,co], which sum_parts adds up. With dilation, kh and kw count in steps of dilation_y
// rows and dilation_x columns of x.
@group(0) @binding(0) var<storage, read> x: array<${in}>;
@group(0) @binding(1) var<storage, read> dy: array<${out}>;
@group(0) @binding(2) var<storage, read_write> dw: array<${out}>;
#if ${use_bias}
@group(0) @binding(3) var<storage, read_write> db: array<${out}>;
#endif

override in_channels: u32;
override out_channels: u32;
override dilation_y: u32;
override dilation_x: u32;
override group_in: u32;
override group_out: u32;
override parts: u32;

const rows_a_tile = 8u;

// One row of dw, or the first of four rows with consecutive input channels: the offset of its kernel element from the window's corner, and
// its offset in x.
struct Row { down: u32, right: u32, offset: i32, }

fn row_at(index: u32, group: u32) -> Row {
  let at = min(index, kernel_height * kernel_width * group_in - 1u);
  let down = at / group_in / kernel_width * dilation_y;
  let right = at / group_in % kernel_width * dilation_x;
  return Row(down, right, i32((down * in_width + right) * in_channels + group * group_in + at % group_in));
}

fn is_inside(window: vec2i, row: Row) -> bool {
#if ${padded}
  return (u32(window.x) + row.down < in_height) & (u32(window.y) + row.right < in_width); // below zero wraps around
#else
  return true;
#endif
}

// `left` is the number of channels of the group from the first of these.
fn store(row: u32, part: u32, co: u32, left: u32, value: vec4f) {
  let rows = kernel_height * kernel_width * group_in;
  if (row >= rows) { return; }
  store_quad((part * rows + row) * out_channels + co, left, value);
}

@compute @workgroup_size(${workgroup_size})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = id.x * ${workgroup_size}u + local;
  let part = id.y;
  let quads_a_group = (group_out + 3u) / 4u;
  let quads = out_channels / group_out * quads_a_group;
  let group = index % quads / quads_a_group;
  let channel = index % quads_a_group * 4u; // quads is a multiple of quads_a_group
  let left = group_out - channel;
  let co = group * group_out + channel;
  let first = index / quads * rows_a_tile;
  if (first >= kernel_height * kernel_width * group_in) { return; }
#if ${vec_in}
%for c in 0..2
  let row$c = row_at(first + 4u * $cu, group);
%end
#else
%for r in 0..8
  let row$r = row_at(first + $ru, group);
%end
#endif
%for r in 0..8
  var w$r = vec4f();
%end
  var bias = vec4f();
  for (var n = batch * part / parts; n < batch * (part + 1u) / parts; n++) {
    for (var oy = 0u; oy < out_height; oy++) {
      for (var ox = 0u; ox < out_width; ox++) {
        let value = load_quad(((n * out_height + oy) * out_width + ox) * out_channels + co, left);
        bias += value;
        let window = vec2i(i32(oy * stride_y) - i32(pad_top), i32(ox * stride_x) - i32(pad_left));
        let corner = ((i32(n * in_height) + window.x) * i32(in_width) + window.y) * i32(in_channels);
#if ${vec_in}
        let x0 = select(vec4f(), x[u32(corner + row0.offset) / 4u], is_inside(window, row0));
        let x1 = select(vec4f(), x[u32(corner + row1.offset) / 4u], is_inside(window, row1));
%for r in 0..4
        w$r += x0[$r] * value;
%end
%for r in 4..8
        w$r += x1[$r - 4] * value;
%end
#else
%for r in 0..8
        w$r += select(0.0, x[u32(corner + row$r.offset)], is_inside(window, row$r)) * value;
%end
#endif
      }
    }
  }
  // This is a loop because every additional store in the text would be compiled separately.
  var sums = array<vec4f, rows_a_tile>(w0, w1, w2, w3, w4, w5, w6, w7);
  for (var r = 0u; r < rows_a_tile; r++) { store(first + r, part, co, left, sums[r]); }
#if ${stores_db}
  if (first == 0u) { store_db(part * out_channels + co, left, bias); }
#endif
}
