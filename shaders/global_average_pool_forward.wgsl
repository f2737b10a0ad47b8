// y[n,c] = sum over pixels p of x[n,p,c] / pixels
// A workgroup owns 64 / slices elements of y, or as many times four channels. Each is summed by `slices` invocations that take
// every slices-th pixel; their sums are added in a fixed order.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;

override batch: u32;
override pixels: u32;
override channels: u32;

const slices = ${slices}u;
const outputs = 64u / slices;

#if ${sliced}
var<workgroup> sums: array<Element, 64>;
#endif

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let loads = channels / channels_a_load;
  let output = (group.y * groups.x + group.x) * outputs + index % outputs;
  let slice = index / outputs;
  var sum = Element();
  if (output < batch * loads) {
    let first = output / loads * pixels * loads + output % loads;
    for (var p = slice; p < pixels; p += slices) { sum += x[first + p * loads]; }
  }
#if ${sliced}
  sums[index] = sum;
  for (var half = slices / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (slice < half) { sums[index] += sums[index + half * outputs]; }
  }
  sum = sums[index];
#endif
  if (slice == 0u && output < batch * loads) { y[output] = sum / f32(pixels); }
}
