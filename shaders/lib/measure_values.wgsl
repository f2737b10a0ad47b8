
// A layer's outputs in a chunk, column by column: sums relative to its first number, and which units have been positive.
var<private> alive: vec4<bool>; // the four units of a column

fn mark(tensor: Tensor, column: u32) {
  for (var k = 0u; k < 4u; k++) {
    let unit = (4u * column + k) % tensor.channels;
    let word = tensor.bits + unit / 32u;
    let bit = 1u << (unit % 32u);
    // Read first, because nothing has to be written in later steps once a unit has been positive.
    if (alive[k] && (atomicLoad(&positive[word]) & bit) == 0u) { atomicOr(&positive[word], bit); }
  }
}

const largest = 0x1.fffffep127; // float32

// Adds a column to the figures, and finds out which of its four units were positive. One loop that also processes the vec4 with the last
// real numbers, and a single load, because every additional load in the text would be compiled separately.
%for a in 0..2
fn column_$a(tensor: Tensor, extent: Extent, begin: u32, stride: u32, shift: f32) {
  // Infinite if the activation has no limit on that side; relu and linear have none and are not compared.
  let can_be_flat = (tensor.low > -largest) | (tensor.high < largest);
  alive = vec4<bool>();
  for (var i = begin; i < extent.end; i += stride) {
    let inside = extent.in_last | vec4<bool>(i < extent.full);
    let v = select(vec4f(shift), y$a[i], inside);
    let d = v - shift;
    first_sum += d;
    second_sum += d * d;
    zeros += ones((v == vec4f()) & inside);
    alive |= (v != vec4f()) & inside; // relu has no output below zero
    if (can_be_flat) { flats += ones(((v < vec4f(tensor.low)) | (v > vec4f(tensor.high))) & inside); }
  }
  if (any(is_not_finite(second_sum))) { // rare enough for a second pass
    alive = vec4<bool>();
    for (var i = begin; i < extent.end; i += stride) {
      let inside = extent.in_last | vec4<bool>(i < extent.full);
      let v = y$a[i];
      bad += total(ones(is_not_finite(v) & inside));
      alive |= (v > vec4f()) & inside;
    }
  }
}
%end

fn measure_values(chunk: Chunk, tensor: Tensor, extent: Extent, index: u32, shift: f32) {
  let stride = max(tensor.period, workgroup_size / tensor.period * tensor.period);
  for (var column = index; column < stride; column += workgroup_size) {
    let begin = chunk.first + column;
    if (chunk.arena == 0u) { column_0(tensor, extent, begin, stride, shift); } else { column_1(tensor, extent, begin, stride, shift); }
    if (tensor.bits != none) { mark(tensor, column); }
  }
}
