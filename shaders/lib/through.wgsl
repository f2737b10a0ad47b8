
// A gradient through the activation that made x. Where there is no gradient none goes on: an empty slot of a short batch may
// hold any number, and infinity * 0 is NaN.
fn through(gradient: Element, x: Element) -> Element {
  return select(gradient * narrow(derivative(vec4f(x))), Element(), gradient == Element());
}
