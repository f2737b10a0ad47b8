// The largest element of a row of z and its position, the first one if several are equal. A row that starts with NaN yields NaN.
struct Peak {
  value: f32,
  place: u32,
}

fn peak_of(row: u32, length: u32) -> Peak {
  var peak = Peak(z[row], 0u);
  for (var k = 1u; k < length; k++) {
    let value = z[row + k];
    if (value > peak.value) { peak = Peak(value, k); }
  }
  return peak;
}
