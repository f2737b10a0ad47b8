
// Gradients shrink from layer to layer: squared as they are, 1e-20 would be nothing. So they are scaled, in powers of two.
const scale = 4294967296.0;                   // 2^32: squares of 2^-95 to 2^31
const scale_of_large = 8.470329472543003e-22; // 2^-70: no sum of squares of what is larger overflows
