
alias Uniforms = Pixel;

// Words: mean and sigma, as fractions of white; the number that seeds the noise.
fn gaussian_noise(value: Pixel, at: u32, place: Place, clipped: bool) -> Pixel {
  let normals = normal(first(noise(drawn(at + 3u), 49u, place)));
  let noisy = value + 255.0 * (drawn(at + 1u) + drawn(at + 2u) * normals);
  return select(noisy, clamp(noisy, Pixel(0.0), Pixel(255.0)), clipped);
}
