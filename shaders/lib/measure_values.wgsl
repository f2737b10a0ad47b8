
// A layer's outputs in a chunk, column by column: sums relative to its first number, and which units have been positive.
fn mark(tensor: Tensor, column: u32, alive: vec4<bool>) {
  for (var k = 0u; k < 4u; k++) {
    let unit = (4u * column + k) % tensor.channels;
    let word = tensor.bits + unit / 32u;
    let bit = 1u << (unit % 32u);
    // Read first, because nothing has to be written in later steps once a unit has been positive.
    if (alive[k] && (atomicLoad(&positive[word]) & bit) == 0u) { atomicOr(&positive[word], bit); }
  }
}

const largest = 0x1.fffffep127; // float32

fn is_flat(v: vec4f, tensor: Tensor) -> vec4<bool> {
  return (v < vec4f(tensor.low)) | (v > vec4f(tensor.high));
}

// The sums over all columns of an invocation so far; and, for its latest column, how many numbers it processed, which of its four units
// were positive, and how many numbers were 0.
struct Values {
  sum: vec4f,
  squares: vec4f,
  flat: vec4f,
  bad: f32,
  seen: vec4f,
  zeros: vec4f,
  alive: vec4<bool>,
}

// One loop that also processes the vec4 with the last real numbers, and a single load, because every additional load in the text would be
// compiled separately.
%for a in 0..2
fn column_$a(tensor: Tensor, extent: Extent, begin: u32, stride: u32, shift: f32, before: Values) -> Values {
  // Infinite if the activation has no limit on that side; relu and linear have none and are not compared.
  let can_be_flat = (tensor.low > -largest) | (tensor.high < largest);
  var sum = before.sum;
  var squares = before.squares;
  var flat = before.flat;
  var bad = before.bad;
  var seen = vec4f();
  var zeros = vec4f();
  for (var i = begin; i < extent.end; i += stride) {
    let inside = extent.in_last | vec4<bool>(i < extent.full);
    let v = select(vec4f(shift), y$a[i], inside);
    let d = v - shift;
    seen += ones(inside);
    sum += d;
    squares += d * d;
    zeros += ones((v == vec4f()) & inside);
    if (can_be_flat) { flat += ones(is_flat(v, tensor) & inside); }
  }
  var alive = zeros < seen; // relu has no output below zero
  if (any(is_not_finite(squares))) { // rare enough for a second pass
    alive = vec4<bool>();
    for (var i = begin; i < extent.end; i += stride) {
      let inside = extent.in_last | vec4<bool>(i < extent.full);
      let v = y$a[i];
      bad += total(ones(is_not_finite(v) & inside));
      alive |= (v > vec4f()) & inside;
    }
  }
  return Values(sum, squares, flat, bad, seen, zeros, alive);
}
%end

fn measure_values(chunk: Chunk, tensor: Tensor, extent: Extent, index: u32) {
  let stride = max(tensor.period, workgroup_size / tensor.period * tensor.period);
  var shift = 0.0;
  if (chunk.arena == 0u) { shift = y0[chunk.first].x; } else { shift = y1[chunk.first].x; }
  var values = Values();
  var n = 0.0;
  var zero = 0.0;
  for (var column = index; column < stride; column += workgroup_size) {
    let begin = chunk.first + column;
    if (chunk.arena == 0u) {
      values = column_0(tensor, extent, begin, stride, shift, values);
    } else {
      values = column_1(tensor, extent, begin, stride, shift, values);
    }
    if (tensor.bits != none) { mark(tensor, column, values.alive); }
    n += total(values.seen);
    zero += total(values.zeros);
  }
  sums[index] = vec4f(n, 0.0, total(values.sum), total(values.squares));
  counts[index] = vec4f(zero, total(values.flat), values.bad, 0.0);
  if (index == 0u) { sums[0].y = shift; }
}
