
// Four numbers in (0, 1) for a pixel, of which each channel takes one: a function of the number that is drawn for the image,
// of what they are for and of where the pixel is, so that a record makes the same noise again.
fn noise(image: f32, purpose: u32, place: Place) -> vec4f {
  let w = philox(vec4u(place.row * width + place.column, place.channel, 0u, 0u), vec2u(u32(image), purpose));
  return (vec4f(w >> vec4u(9u)) + 0.5) * 0x1p-23;
}
