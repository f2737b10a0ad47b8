// y[n, row, column] = scale * sum over k of weights[k] x[n, row, column + k - half], or the same along a column
// One invocation owns one pixel and both of its displacements, whose weights differ. Beyond its edge the field is mirrored about its
// outermost pixels. A slot to which the op is not applied gets no displacement.
@group(0) @binding(0) var<storage, read> x: array<vec2f>;
@group(0) @binding(1) var<storage, read> weights: array<vec2f>;
@group(0) @binding(2) var<storage, read> draws: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2f>;

override batch: u32;
override height: u32;
override width: u32;

const taps = ${taps};

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  let pixels = height * width;
  if (at >= batch * pixels) { return; }
  if (draws[at / pixels * ${words} + ${record}] == 0.0) {
    y[at] = vec2f();
    return;
  }
#if ${along_rows}
  let place = at % width;
  let begin = at - place;
  let stride = 1u;
  let last = width - 1u;
#else
  let place = at % pixels / width;
  let begin = at - place * width;
  let stride = width;
  let last = height - 1u;
#endif
  var sum = vec2f();
  for (var k = 0u; k < taps; k++) {
    var source = u32(abs(i32(place + k) - i32(taps / 2u)));
#if ${folded_often}
    source %= max(1u, 2u * last);
#endif
    source = select(source, 2u * last - source, source > last);
    sum += weights[k] * x[begin + source * stride];
  }
  y[at] = ${scale} * sum;
}
