// y[n,row,column,c] = rescale * sample(image of n, warps[n] (column, row), c)
// One invocation owns one pixel of y with all its channels. The sampler is scipy.ndimage's: order 0 or 1, and its four
// fill modes, of which wrap has the period n-1 and constant a hard edge.
@group(0) @binding(0) var<storage, read> warps: array<vec4f>;
#if ${bytes}
@group(0) @binding(1) var<storage, read> images: array<u32>; // four bytes a word
#else
@group(0) @binding(1) var<storage, read> images: array<f32>;
#endif
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override batch: u32;
override height: u32;
override width: u32;
override channels: u32;
override rescale: f32;
override cval: f32;

fn load(at: u32) -> f32 {
#if ${bytes}
  return f32((images[at / 4u] >> (8u * (at % 4u))) & 255u);
#else
  return images[at];
#endif
}

// Where coordinate v falls on an axis of n places.
fn fold(v: f32, n: f32) -> f32 {
#if ${reflect}
  let period = 2.0 * n;
  let u = (v + 0.5) - period * floor((v + 0.5) / period);
  return select(u, period - u, u > n) - 0.5;
#elif ${wrap}
  let period = n - 1.0;
  if (period < 0.5) { return 0.0; }
  if (v < 0.0) { return v + period * (floor(-v / period) + 1.0); }
  return select(v, v - period * floor(v / period), v > period);
#else
  return clamp(v, 0.0, n - 1.0);
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.y * groups.x * 64u + id.x;
  if (pixel >= batch * height * width) { return; }
  let n = pixel / (height * width);
  let first = warps[2u * n];
  let second = warps[2u * n + 1u];
  let image = bitcast<u32>(second.z) * height * width;
#if ${identity}
  let from_at = (image + pixel % (height * width)) * channels;
  for (var c = 0u; c < channels; c++) { y[pixel * channels + c] = rescale * load(from_at + c); }
#else
  let column = f32(pixel % width);
  let row = f32(pixel / width % height);
  let x_in = first.x * column + first.y * row + first.z;
  let y_in = first.w * column + second.x * row + second.y;
  let last = vec2f(f32(width - 1u), f32(height - 1u));
#if ${constant}
  let outside = x_in < 0.0 || y_in < 0.0 || x_in > last.x || y_in > last.y;
#endif
  let at = vec2f(fold(x_in, f32(width)), fold(y_in, f32(height)));
#if ${interpolate}
  let low = floor(at);
  let part = at - low;
  let near = vec2u(clamp(low, vec2f(), last));
  let far = vec2u(clamp(low + 1.0, vec2f(), last));
  let top = (image + near.y * width) * channels;
  let bottom = (image + far.y * width) * channels;
#else
  let near = vec2u(clamp(floor(at + 0.5), vec2f(), last));
  let from_at = (image + near.y * width + near.x) * channels;
#endif
  for (var c = 0u; c < channels; c++) {
#if ${interpolate}
    let above = mix(load(top + near.x * channels + c), load(top + far.x * channels + c), part.x);
    let below = mix(load(bottom + near.x * channels + c), load(bottom + far.x * channels + c), part.x);
    let value = mix(above, below, part.y);
#else
    let value = load(from_at + c);
#endif
#if ${constant}
    y[pixel * channels + c] = rescale * select(value, cval, outside);
#else
    y[pixel * channels + c] = rescale * value;
#endif
  }
#endif
}
