
// The squares of a chunk of the gradients of a layer's outputs, and how many of them aren't finite.
%for a in 0..2
fn measure_deltas_$a(chunk: Chunk, tensor: Tensor, index: u32) {
  let extent = extent_of(chunk, tensor);
  var squares = vec4f();
  var large = vec4f();
  var bad = 0.0;
  var i = chunk.first + index;
  for (; i < extent.full; i += workgroup_size) {
    let v = scale * dy$a[i];
    squares += v * v;
  }
  if (i == extent.last) {
    let v = select(vec4f(), scale * dy$a[i], extent.in_last);
    squares += v * v;
  }
  if (any(is_not_finite(squares))) {
    squares = vec4f();
    for (i = chunk.first + index; i < extent.full; i += workgroup_size) {
      let v = scale_of_large * dy$a[i];
      large += v * v;
      bad += total(ones(is_not_finite(v)));
    }
    if (i == extent.last) {
      let v = select(vec4f(), scale_of_large * dy$a[i], extent.in_last);
      large += v * v;
      bad += total(ones(is_not_finite(v)));
    }
  }
  sums[index] = vec4f(0.0, 0.0, total(squares), total(large));
  counts[index] = vec4f(0.0, 0.0, bad, 0.0);
}
%end
