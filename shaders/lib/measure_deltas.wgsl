
// The sums of squares of a chunk of the gradients of a layer's outputs, and the number of non-finite ones.
struct Deltas {
  squares: f32,
  large: f32,
  bad: f32,
}

%for a in 0..2
fn deltas_$a(chunk: Chunk, extent: Extent, index: u32) -> Deltas {
  var squares = vec4f();
  var large = vec4f();
  var bad = 0.0;
  for (var i = chunk.first + index; i < extent.end; i += workgroup_size) {
    let v = select(vec4f(), scale * dy$a[i], extent.in_last | vec4<bool>(i < extent.full));
    squares += v * v;
  }
  if (any(is_not_finite(squares))) {
    squares = vec4f();
    for (var i = chunk.first + index; i < extent.end; i += workgroup_size) {
      let v = select(vec4f(), scale_of_large * dy$a[i], extent.in_last | vec4<bool>(i < extent.full));
      large += v * v;
      bad += total(ones(is_not_finite(v)));
    }
  }
  return Deltas(total(squares), total(large), bad);
}
%end

fn measure_deltas(chunk: Chunk, extent: Extent, index: u32) {
  var deltas = Deltas();
  if (chunk.arena == 2u) { deltas = deltas_0(chunk, extent, index); } else { deltas = deltas_1(chunk, extent, index); }
  sums[index] = vec4f(0.0, 0.0, deltas.squares, deltas.large);
  counts[index] = vec4f(0.0, 0.0, deltas.bad, 0.0);
}
