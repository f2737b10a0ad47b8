// dx[i] = act'(x[i]) * dy[i], where act' is computed from y[i] = act(x[i]) for a fused activation and from x[i] for any other
// One invocation owns four consecutive elements of dx. Where dy is 0, so is dx: an empty slot of a short batch has no
// gradient, but it may hold any number, and infinity * 0 is NaN.
#if ${fused}
@group(0) @binding(0) var<storage, read> y: array<${element}>;
#else
@group(0) @binding(0) var<storage, read> x: array<${element}>;
#endif
@group(0) @binding(1) var<storage, read> dy: array<${element}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${element}>;

override elements: u32;

fn gradient(i: u32) -> vec4f {
#if ${fused}
  let slope = derivative(vec4f(y[i]));
#else
  let slope = derivative(vec4f(x[i]));
#endif
  let arriving = vec4f(dy[i]);
  return select(slope * arriving, vec4f(), arriving == vec4f());
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
#if ${vec}
  if (index < elements / 4u) { dx[index] = gradient(index); }
#else
  for (var i = 4u * index; i < min(4u * index + 4u, elements); i++) { dx[i] = gradient(i).x; }
#endif
}
