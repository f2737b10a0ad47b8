
// The standard normal quantile of u: sqrt(2) erfinv(2 u - 1) by Giles' polynomials ("Approximating the erfinv function", GPU Computing Gems
// 2, 2010), which are accurate to float32 precision.
fn normal(u: Uniforms) -> Uniforms {
  let w = -log(4.0 * u * (1.0 - u));
  let middle = w - 2.5;
  var p = 3.43273939e-07 + 2.81022636e-08 * middle;
  p = -3.5233877e-06 + p * middle;
  p = -4.39150654e-06 + p * middle;
  p = 0.00021858087 + p * middle;
  p = -0.00125372503 + p * middle;
  p = -0.00417768164 + p * middle;
  p = 0.246640727 + p * middle;
  p = 1.50140941 + p * middle;
  let tail = sqrt(max(w, Uniforms(5.0))) - 3.0;
  var q = 0.000100950558 - 0.000200214257 * tail;
  q = 0.00134934322 + q * tail;
  q = -0.00367342844 + q * tail;
  q = 0.00573950773 + q * tail;
  q = -0.0076224613 + q * tail;
  q = 0.00943887047 + q * tail;
  q = 1.00167406 + q * tail;
  q = 2.83297682 + q * tail;
  return 1.41421356 * (2.0 * u - 1.0) * select(p, q, w >= Uniforms(5.0));
}
