
// A layer's outputs in a chunk, column by column: sums around its first number, and which units were ever positive.
fn mark(tensor: Tensor, column: u32, alive: vec4<bool>) {
  for (var k = 0u; k < 4u; k++) {
    let unit = (4u * column + k) % tensor.channels;
    let word = tensor.bits + unit / 32u;
    let bit = 1u << (unit % 32u);
    // Read first: once a unit has been positive there is nothing to write, step after step.
    if (alive[k] && (atomicLoad(&positive[word]) & bit) == 0u) { atomicOr(&positive[word], bit); }
  }
}

const largest = 0x1.fffffep127; // float32

fn is_flat(v: vec4f, tensor: Tensor) -> vec4<bool> {
  return (v < vec4f(tensor.low)) | (v > vec4f(tensor.high));
}

%for a in 0..2
fn measure_values_$a(chunk: Chunk, tensor: Tensor, index: u32) {
  let extent = extent_of(chunk, tensor);
  let stride = max(tensor.period, workgroup_size / tensor.period * tensor.period);
  let shift = y$a[chunk.first].x;
  // Infinite where the activation has no limit on that side; relu and linear have none and are not compared.
  let can_be_flat = (tensor.low > -largest) | (tensor.high < largest);
  var sum = vec4f();
  var squares = vec4f();
  var flat = vec4f();
  var n = 0.0;
  var zero = 0.0;
  var bad = 0.0;
  for (var column = index; column < stride; column += workgroup_size) {
    let begin = chunk.first + column;
    var i = begin;
    var rows = 0.0;
    var zeros = vec4f();
    for (; i < extent.full; i += stride) {
      let v = y$a[i];
      let d = v - shift;
      rows += 1.0;
      sum += d;
      squares += d * d;
      zeros += ones(v == vec4f());
      if (can_be_flat) { flat += ones(is_flat(v, tensor)); }
    }
    var seen = vec4f(rows);
    if (i == extent.last) {
      let v = select(vec4f(shift), y$a[i], extent.in_last);
      seen += ones(extent.in_last);
      sum += v - shift;
      squares += (v - shift) * (v - shift);
      zeros += ones((v == vec4f()) & extent.in_last);
      flat += ones(is_flat(v, tensor) & extent.in_last);
    }
    var alive = zeros < seen; // relu gives nothing below zero
    if (any(is_not_finite(squares))) { // so rare that it may cost a second look
      alive = vec4<bool>();
      for (i = begin; i < extent.full; i += stride) {
        bad += total(ones(is_not_finite(y$a[i])));
        alive |= y$a[i] > vec4f();
      }
      if (i == extent.last) {
        bad += total(ones(is_not_finite(y$a[i]) & extent.in_last));
        alive |= (y$a[i] > vec4f()) & extent.in_last;
      }
    }
    if (tensor.bits != none) { mark(tensor, column, alive); }
    n += total(seen);
    zero += total(zeros);
  }
  sums[index] = vec4f(n, 0.0, total(sum), total(squares));
  counts[index] = vec4f(zero, total(flat), bad, 0.0);
  if (index == 0u) { sums[0].y = shift; }
}
%end
