
#if ${sums_dy}
// db of a transposed convolution, whose output channels are the channels of the rows in conv2d_backward_w.
fn sum_of_dy(part: u32, index: u32) {
  let image = in_height * in_width * in_channels;
  let end = batch * (part + 1u) / parts * image;
#if ${narrow}
  for (var c = index; c < in_channels; c += 4u * ${tiles}u) {
    var sum = 0.0;
    for (var at = batch * part / parts * image + c; at < end; at += in_channels) { sum += ${x}[at]; }
    db[part * in_channels + c] = sum;
  }
#else
  for (var c = 4u * index; c < in_channels; c += 16u * ${tiles}u) {
    var sum = vec4f();
    for (var at = batch * part / parts * image + c; at < end; at += in_channels) { sum += ${x}[at >> 2u]; }
    for (var i = 0u; i < 4u; i++) { db[part * in_channels + c + i] = sum[i]; }
  }
#endif
}
#endif
