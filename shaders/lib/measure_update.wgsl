
// A skipped step adds nothing to the sum of w*w.
fn squares_of(chunk: vec4u, index: u32) -> vec4f {
  var squares = vec4f();
  for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
    let w0 = w[i];
    squares += w0 * w0;
  }
  return squares;
}

// The change of a chunk by an update u: (sum of w*w before, sum of u*u, number of non-finite new w, 0).
fn write_partials(chunk: vec4u, before: vec4f, moved: vec4f, index: u32, group: u32) {
  var sum = vec4f(dot(before, vec4f(1.0)), dot(moved, vec4f(1.0)), 0.0, 0.0);
  let infinity = vec4u(0x7f800000u);
  if (any((bitcast<vec4u>(sum) & infinity) == infinity)) { // true if any w is not finite; rare enough for a second pass
    for (var i = chunk.x + index; i < chunk.y; i += workgroup_size) {
      sum.z += dot(select(vec4f(), vec4f(1.0), (bitcast<vec4u>(w[i]) & infinity) == infinity), vec4f(1.0));
    }
  }
  sum = sum_of(sum, index);
  if (index == 0u) { partials[group] = sum; }
}
