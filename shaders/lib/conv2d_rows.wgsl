
// In place of lib/conv2d_chunk.wgsl, for any number of input channels: four rows of w, each with its own kernel element. Rows after the last
// one repeat it.
struct Chunk { kh: vec4u, kw: vec4u, offset: vec4u, }

fn chunk_at(index: u32) -> Chunk {
  let row = min(4u * index + vec4u(0u, 1u, 2u, 3u), vec4u(kernel_height * kernel_width * in_channels - 1u));
  let tap = row / in_channels;
  let kh = tap / kernel_width;
  let kw = tap % kernel_width;
  return Chunk(${kh}, ${kw}, (${kh} * in_width + ${kw}) * in_channels + row % in_channels);
}

fn load_x(n: u32, window: vec2u, chunk: Chunk) -> vec4f {
  let at = ((n * in_height + window.x) * in_width + window.y) * in_channels + chunk.offset;
  let inside = (window.x + chunk.kh < vec4u(in_height)) & (window.y + chunk.kw < vec4u(in_width));
  return select(vec4f(), vec4f(${x}[at.x], ${x}[at.y], ${x}[at.z], ${x}[at.w]), inside);
}
