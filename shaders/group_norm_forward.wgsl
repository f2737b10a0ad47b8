// y[n,p,c] = act(gamma[c] * (x[n,p,c] - mean[n,g]) * rstd[n,g] + beta[c] + residual[n,p,c]);  statistics[n,g] = mean, rstd
// mean and rstd = 1 / sqrt(variance + epsilon) are those of all pixels p and of the channels c of group g, in instance n. Several
// invocations share a unit (n, g), see lib/norm_unit.wgsl. The pass for the variance also sums the deviations, which show the rounding
// error of the mean; it is removed from both results (the corrected two-pass algorithm: Chan, Golub and LeVeque 1983).
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;
#if ${scale}
@group(0) @binding(2) var<storage, read> gamma: array<${element}>;
#endif
#if ${center}
@group(0) @binding(3) var<storage, read> beta: array<${element}>;
#endif
#if ${residual}
@group(0) @binding(4) var<storage, read> residual: array<${element}>;
#endif
#if ${keeps_statistics}
@group(0) @binding(5) var<storage, read_write> statistics: array<vec2f>;
#endif

override epsilon: f32;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let unit = unit_of(id.y * workgroups.x + id.x, index);
  var sum = Element();
  for (var p = unit.pixel; p < unit.pixels; p += pixel_invocations) {
    for (var c = unit.offset; c < group_columns; c += column_invocations) { sum += x[unit.first + p * columns + c]; }
  }
  let rough = sums_of_unit(vec2f(total(sum), 0.0), index).x / unit.count;
  var deviations = Element();
  var squares = Element();
  for (var p = unit.pixel; p < unit.pixels; p += pixel_invocations) {
    for (var c = unit.offset; c < group_columns; c += column_invocations) {
      let d = x[unit.first + p * columns + c] - rough;
      deviations += d;
      squares += d * d;
    }
  }
  let both = sums_of_unit(vec2f(total(deviations), total(squares)), index);
  let mean = rough + both.x / unit.count;
  let m2 = both.y - both.x * (both.x / unit.count);
  // Uses select instead of max, which may turn a NaN into a number.
  let rstd = inverseSqrt(select(m2, 0.0, m2 < 0.0) / unit.count + epsilon);
#if ${keeps_statistics}
  if (index % invocations == 0u && unit.pixels > 0u) { statistics[unit.index] = vec2f(mean, rstd); }
#endif
  for (var p = unit.pixel; p < unit.pixels; p += pixel_invocations) {
    for (var c = unit.offset; c < group_columns; c += column_invocations) {
      let at = unit.first + p * columns + c;
      var z = rstd * (x[at] - mean);
#if ${scale}
      z *= gamma[unit.column + c];
#endif
#if ${center}
      z += beta[unit.column + c];
#endif
#if ${residual}
      z += residual[at];
#endif
#if ${vec}
      y[at] = activate(z);
#else
      y[at] = activate(vec4f(z)).x;
#endif
    }
  }
}
