
// The sums of squares of a chunk of the gradients of a layer's outputs, and the number of non-finite ones.
%for a in 0..2
fn deltas_$a(chunk: Chunk, extent: Extent, index: u32) {
  for (var i = chunk.first + index; i < extent.end; i += workgroup_size) {
    let v = select(vec4f(), scale * dy$a[i], extent.in_last | vec4<bool>(i < extent.full));
    first_sum += v * v;
  }
  if (any(is_not_finite(first_sum))) {
    first_sum = vec4f();
    for (var i = chunk.first + index; i < extent.end; i += workgroup_size) {
      let v = select(vec4f(), scale_of_large * dy$a[i], extent.in_last | vec4<bool>(i < extent.full));
      second_sum += v * v;
      bad += total(ones(is_not_finite(v)));
    }
  }
}
%end
