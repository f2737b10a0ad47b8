
#if ${use_bias}
// The bias of a transposed convolution, which conv2d_backward_x itself does not need.
@group(0) @binding(3) var<storage, read> b: array<${in}>;
#endif
