
// Four numbers in (0, 1) for a pixel, one per channel. They are a function of the number drawn for the image, of their purpose and of the
// pixel's position, so that the same record reproduces the same noise.
fn noise(image: f32, purpose: u32, place: Place) -> vec4f {
  let w = philox(vec4u(place.row * width + place.column, place.channel, 0u, 0u), vec2u(u32(image), purpose));
  return (vec4f(w >> vec4u(9u)) + 0.5) * 0x1p-23;
}
