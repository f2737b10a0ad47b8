// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy+kh-top, ox+kw-left, ci] * w[kh,kw,ci,co]) for a kernel of 3 columns
// For adapters on which a load costs much more than a multiply-add. One invocation owns two rows of ${columns} pixels and ${across} x 4
// output channels. For each row of the kernel and ${width} input channels it loads the pixels below it only once, and multiplies each by up
// to 3 elements of the kernel. If a pool follows, its two rows are a row of pooled cells.
#if ${backward}
// Here it computes the data gradient of such a convolution, which is a convolution of dy with the flipped kernel: dx = act'(x) * the sum.
@group(0) @binding(0) var<storage, read> w: array<${load}>;
@group(0) @binding(1) var<storage, read> dy: array<${load}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${out}>;
#if ${activated}
@group(0) @binding(3) var<storage, read> x: array<${out}>;
#endif
#else
@group(0) @binding(0) var<storage, read> x: array<${load}>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<${out}>;
#if ${pooled}
@group(0) @binding(4) var<storage, read_write> argmax: array<u32>; // four positions per word, 8 bits each
#endif
#endif

// Sizes of a convolution from "in" to "out", which are dy and dx for a data gradient.
override in_channels: u32;
override out_channels: u32;

// Input channels by four output channels of an element of the kernel.
fn load_kernel(kh: u32, kw: u32, step: u32, co: u32) -> mat${width}x4f {
#if ${backward}
  let row = ((kernel_height - 1u - kh) * 3u + 2u - kw) * out_channels + co;
  let at = row * (in_channels / ${width}u) + step;
#else
  let at = ((kh * 3u + kw) * in_channels + ${width}u * step) * out_channels + co;
#endif
  return mat${width}x4f(
%for i in 0..${width}
#if ${backward}
    w[at + $iu * (in_channels / 4u)],
#else
    load_quad(at + $iu * out_channels, 4u),
#endif
%end
  );
}

// A pixel of the input. Positions below zero wrap around to far beyond the end.
fn load_input(at: u32, row: u32, column: u32) -> ${load} {
  return select(${load}(), ${x}[at], (row - pad_top < in_height) & (column - pad_left < in_width));
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let next = out_channels / ${across}u; // from one quad of an invocation's channels to the next
  let tile_rows = (${unit}u * out_height + 2u - 1u) / 2u;
  let invocation = (group.y * groups.x + group.x) * 8u + index;
  let co = invocation % (next / 4u) * 4u;
  let tile = invocation / (next / 4u);
  let column = tile % ${tiles}u * ${columns}u;
  let row = tile / ${tiles}u % tile_rows * 2u;
  let image = tile / ${tiles}u / tile_rows;
  if (image >= batch) { return; }
%for r in 0..2
%for o in 0..${columns}
%for c in 0..${across}
  var y$r_$o_$c = vec4f();
%end
%end
%end
  // Neighbors own channels of the same pixels, so that rows beyond the border, which no pixel of them needs, are skipped together.
  let first = select(0u, pad_top - row - 2u + 1u, pad_top >= row + 2u);
  let end = min(kernel_height, in_height + pad_top - row);
  let steps = in_channels / ${width}u;
  for (var kh = first; kh < end; kh++) {
    let at = ((image * in_height + row + kh - pad_top) * in_width + column - pad_left) * steps;
    for (var step = 0u; step < steps; step++) {
%for k in 0..3
%for c in 0..${across}
      let m$k_$c = load_kernel(kh, $ku, step, co + $cu * next);
%end
%end
%for r in 0..2
      var x$r: array<${load}, ${columns}u + 2u>;
%for i in 0..${loads}
      x$r[$i] = load_input(at + ($ru * in_width + $iu) * steps + step, row + $ru + kh, column + $iu);
%end
%for o in 0..${columns}
%for k in 0..3
%for c in 0..${across}
#if ${backward}
      y$r_$o_$c += x$r[$o + $k] * m$k_$c;
#else
      y$r_$o_$c += m$k_$c * x$r[$o + $k];
#endif
%end
%end
%end
%end
    }
  }
  // This is a loop because every additional activation and store in the text would be compiled separately.
  var sums = array<vec4f, 2 * ${across} * ${columns}>(
%for c in 0..${across}
%for r in 0..2
%for o in 0..${columns}
    y$r_$o_$c,
%end
%end
%end
  );
  for (var c = 0u; c < ${across}u; c++) {
    let channels = co + c * next;
    for (var i = 0u; i < ${cells_a_row}u * 2u / ${unit}u; i++) {
      let y_row = row / ${unit}u + i / ${cells_a_row}u;
      let y_column = column / ${unit}u + i % ${cells_a_row}u;
      if (y_row >= out_height || y_column >= out_width) { continue; }
      let place = (image * out_height + y_row) * out_width + y_column;
      let at = c * 2u * ${columns}u + ${unit}u * i;
#if ${backward}
      store_dx(place * out_channels + channels, 4u, sums[at]);
#else
      let shift = bias(channels, out_channels - 1u);
#if ${pooled}
      store_winner(place, channels, sums[at], sums[at + 1u], sums[at + ${columns}u], sums[at + ${columns}u + 1u], shift);
#else
      store(place, channels, activate(sums[at] + shift));
#endif
#endif
    }
  }
}
