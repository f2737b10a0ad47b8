// The largest of a row of z and its place, the first of equal ones. A row that begins with NaN keeps it.
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
