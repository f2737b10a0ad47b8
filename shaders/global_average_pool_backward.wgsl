// dx[n,p,c] = act'(x[n,p,c]) * dy[n,c] / pixels
// One invocation owns one element of dx, or four channels of it. `activated` applies the derivative of the activation that produced x.
@group(0) @binding(0) var<storage, read> dy: array<${element}>;
@group(0) @binding(1) var<storage, read_write> dx: array<${element}>;
#if ${activated}
@group(0) @binding(2) var<storage, read> x: array<${element}>;
#endif

override batch: u32;
override pixels: u32;
override channels: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let loads = channels / channels_a_load;
  let image = index / loads / pixels;
  if (image >= batch) { return; }
  let gradient = dy[image * loads + index % loads] / f32(pixels);
#if ${activated}
  dx[index] = through(gradient, x[index]);
#else
  dx[index] = gradient;
#endif
}
