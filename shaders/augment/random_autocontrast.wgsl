
// 255 (x - least) / (most - least), channel by channel; a channel with a single level is unchanged.
fn autocontrast(value: Pixel, place: Place) -> Pixel {
  let least = statistic(0u, place);
  let span = statistic(1u, place) - least;
  let flat = span <= Pixel(0.0);
  let stretched = (value - least) * (255.0 / select(span, Pixel(1.0), flat));
  return select(clamp(stretched, Pixel(0.0), Pixel(255.0)), value, flat);
}

fn random_autocontrast(value: Pixel, at: u32, place: Place) -> Pixel {
  return autocontrast(value, place);
}
