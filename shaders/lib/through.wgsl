
// A gradient propagated through the activation that produced x. Zero stays zero, because an empty slot of a short batch has no gradient but
// may hold any number, and infinity * 0 is NaN.
fn through(gradient: Element, x: Element) -> Element {
  return select(gradient * narrow(derivative(vec4f(x))), Element(), gradient == Element());
}
