
// The content of one load: four channels, or one number if the number of channels is not a multiple of four.
#if ${vec}
alias Element = vec4f;
const channels_a_load = 4u;

fn narrow(v: vec4f) -> Element { return v; }
#else
alias Element = f32;
const channels_a_load = 1u;

fn narrow(v: vec4f) -> Element { return v.x; }
#endif
