// y = act(x0 + x1 + ...), act(x0 * x1 * ...), act((x0 + x1 + ...) / inputs) or act(max(x0, x1, ...))
// An input whose axis has length 1 is broadcast along it. One invocation owns four consecutive elements of y.
@group(0) @binding(0) var<storage, read> x0: array<${element0}>;
@group(0) @binding(1) var<storage, read> x1: array<${element1}>;
#if ${has_x2}
@group(0) @binding(2) var<storage, read> x2: array<${element2}>;
#endif
#if ${has_x3}
@group(0) @binding(3) var<storage, read> x3: array<${element3}>;
#endif
@group(0) @binding(4) var<storage, read_write> y: array<${element}>;

override batch: u32;
override height: u32;
override width: u32;
override channels: u32;

fn combine(a: vec4f, b: vec4f) -> vec4f {
#if ${multiply}
  return a * b;
#elif ${maximum}
  return select(a, b, wins(b, a));
#else
  return a + b;
#endif
}

fn merged(at: u32) -> vec4f {
#if ${broadcast}
  let place = place_of(at);
#endif
  var result = combine(vec4f(x0[${at0}]), vec4f(x1[${at1}]));
#if ${has_x2}
  result = combine(result, vec4f(x2[${at2}]));
#endif
#if ${has_x3}
  result = combine(result, vec4f(x3[${at3}]));
#endif
#if ${average}
  result /= ${averaged_over};
#endif
  return activate(result);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4u * (id.y * groups.x * 64u + id.x);
  let total = batch * height * width * channels;
#if ${vec}
  if (first < total) { y[first / 4u] = merged(first); }
#else
  for (var at = first; at < min(first + 4u, total); at++) { y[at] = merged(at).x; }
#endif
}
