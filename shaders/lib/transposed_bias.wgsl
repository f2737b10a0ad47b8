
#if ${use_bias}
// The bias of a transposed convolution, which conv2d_backward_x has no use for.
@group(0) @binding(3) var<storage, read> b: array<${in}>;
#endif
