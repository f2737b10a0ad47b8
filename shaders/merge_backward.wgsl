// dx = sum, over the axes along which the input was broadcast, of dy * the derivative of y with respect to that input
// The derivative of a sum is 1, of a mean 1 / inputs, of a product the product of the other inputs, of a maximum 1 where this input is the
// first of the largest, otherwise 0. One invocation owns one element of dx, or four channels of it.
@group(0) @binding(0) var<storage, read> dy: array<${element}>;
#if ${has_x0}
@group(0) @binding(1) var<storage, read> x0: array<${element0}>;
#endif
#if ${has_x1}
@group(0) @binding(2) var<storage, read> x1: array<${element1}>;
#endif
#if ${has_x2}
@group(0) @binding(3) var<storage, read> x2: array<${element2}>;
#endif
#if ${has_x3}
@group(0) @binding(4) var<storage, read> x3: array<${element3}>;
#endif
@group(0) @binding(5) var<storage, read_write> dx: array<${element_dx}>;

override batch: u32;
override height: u32;
override width: u32;
override channels: u32;
override in_height: u32;
override in_width: u32;
override in_channels: u32;

fn gradient(at: u32) -> vec4f {
#if ${placed}
  let place = place_of(at);
#endif
  let arriving = vec4f(dy[at / channels_a_load]);
#if ${multiply}
  // An empty slot of a short batch has no gradient, but it may hold any number, and infinity * 0 is NaN.
  return select(arriving * ${others}, vec4f(), arriving == vec4f());
#elif ${maximum}
  return select(vec4f(), arriving, ${is_first_largest});
#elif ${average}
  return arriving / ${averaged_over};
#else
  return arriving;
#endif
}

#if ${reduced}
fn gather(index: u32) -> vec4f {
  let channel = index % in_channels;
  let column = index / in_channels % in_width;
  let row = index / in_channels / in_width % in_height;
  let image = index / in_channels / in_width / in_height;
  var sum = vec4f();
  for (var r = row; r < row + height / in_height; r++) {
    for (var c = column; c < column + width / in_width; c++) {
      let pixel = (image * height + r) * width + c;
      for (var k = channel; k < channel + ${depth}; k += channels_a_load) { sum += gradient(pixel * channels + k); }
    }
  }
  return sum;
}
#else
fn gather(index: u32) -> vec4f { return gradient(index); }
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let total = batch * in_height * in_width * in_channels;
#if ${vec_dx}
  if (index < total / 4u) { dx[index] = gather(4u * index); }
#elif ${vec}
  if (index < total) { dx[index] = dot(gather(index), vec4f(1.0)); }
#else
  if (index < total) { dx[index] = gather(index).x; }
#endif
}
