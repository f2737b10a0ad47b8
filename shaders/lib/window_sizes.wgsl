
// The images, kernel, strides and padding of a convolution.
override batch: u32;
override in_height: u32;
override in_width: u32;
override out_height: u32; // in pooled cells if a pool follows
override out_width: u32;
override kernel_height: u32;
override kernel_width: u32;
override stride_y: u32;
override stride_x: u32;
override pad_top: u32;
override pad_left: u32;
