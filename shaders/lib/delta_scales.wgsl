
// Gradients shrink from layer to layer, and the square of 1e-20 would underflow to zero. They are therefore scaled by powers of two.
const scale = 4294967296.0;                   // 2^32: squares of 2^-95 to 2^31
const scale_of_large = 8.470329472543003e-22; // 2^-70: the sum of squares of larger ones does not overflow
