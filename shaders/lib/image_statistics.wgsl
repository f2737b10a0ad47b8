
// (least, most) of all channels of the image that is read.
fn image_range(place: Place) -> vec2f {
  let first = place.slot * channels;
  var range = statistics[first].xy;
  for (var c = 1u; c < channels; c++) {
    let own = statistics[first + c];
    range = vec2f(min(range.x, own.x), max(range.y, own.y));
  }
  return range;
}

// (mean, variance) of all channels together: the mean of the channels' variances, and the variance of their means.
fn image_moments(place: Place) -> vec2f {
  let first = place.slot * channels;
  var mean = 0.0;
  for (var c = 0u; c < channels; c++) { mean += statistics[first + c].z; }
  mean /= f32(channels);
  var variance = 0.0;
  for (var c = 0u; c < channels; c++) {
    let apart = statistics[first + c].z - mean;
    variance += statistics[first + c].w + apart * apart;
  }
  return vec2f(mean, variance / f32(channels));
}
