
// The decayed weight from which the update starts: Keras' weight_decay, decoupled from the gradient (Loshchilov and Hutter 2019).
fn decayed(w: vec4f) -> vec4f {
#if ${decays}
  return w - state.learning_rate * weight_decay * w;
#else
  return w;
#endif
}
