// y[n,c] = max over pixels p of x[n,p,c];  argmax[n,c] = the first p of the largest
// A workgroup owns 64 / slices elements of y, or as many times four channels. Each is searched by `slices` invocations that
// take every slices-th pixel; if several are equal, the first pixel is used, whichever invocation found it.
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;
@group(0) @binding(2) var<storage, read_write> argmax: array<${index_type}>;

override batch: u32;
override pixels: u32;
override channels: u32;

const slices = ${slices}u;
const outputs = 64u / slices;

struct Largest { value: vec4f, pixel: vec4u, }

#if ${sliced}
var<workgroup> found: array<Largest, 64>;

fn larger(a: Largest, b: Largest) -> Largest {
  let better = wins(b.value, a.value) | ((b.value == a.value) & (b.pixel < a.pixel));
  return Largest(select(a.value, b.value, better), select(a.pixel, b.pixel, better));
}
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
  var best = Largest();
  if (output < batch * loads) {
    let first = output / loads * pixels * loads + output % loads;
    // Slices beyond the last pixel start with that pixel, so that each of them has a valid number.
    let start = min(slice, pixels - 1u);
    best = Largest(vec4f(x[first + start * loads]), vec4u(start));
    for (var p = slice + slices; p < pixels; p += slices) {
      let value = vec4f(x[first + p * loads]);
      let better = wins(value, best.value);
      best = Largest(select(best.value, value, better), select(best.pixel, vec4u(p), better));
    }
  }
#if ${sliced}
  found[index] = best;
  for (var half = slices / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (slice < half) { found[index] = larger(found[index], found[index + half * outputs]); }
  }
  best = found[index];
#endif
  if (slice == 0u && output < batch * loads) {
    y[output] = narrow(best.value);
#if ${vec}
    argmax[output] = best.pixel;
#else
    argmax[output] = best.pixel.x;
#endif
  }
}
