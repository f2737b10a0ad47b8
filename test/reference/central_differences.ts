export { numbers } from '../../src/selftest/numbers.ts';

/** sum of a * b: reduces a tensor a to the number that central differences need, with gradient b. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Compares `gradient` with (f(x + h) - f(x - h)) / 2h for each element of x.
 *
 * With h = 1e-4, the formula has an error of h*h/6 times the third derivative, about 1e-8 for functions of order one, and a
 * rounding error of 1e-16 / h = 1e-12 in float64: the bound leaves a factor of ten. Callers must avoid inputs near a kink of f.
 */
export function expectGradient(name: string, f: () => number, x: Float64Array, gradient: ArrayLike<number>): void {
  const h = 1e-4;
  if (gradient.length !== x.length) throw new Error(`${name}: ${gradient.length} gradients for ${x.length} elements`);
  for (let i = 0; i < x.length; i++) {
    const at = x[i]!;
    x[i] = at + h;
    const above = f();
    x[i] = at - h;
    const below = f();
    x[i] = at;
    const expected = (above - below) / (2 * h);
    const difference = Math.abs(expected - gradient[i]!);
    if (!(difference <= 1e-7 * Math.max(1, Math.abs(expected)))) {
      throw new Error(`${name}[${i}]: gradient ${gradient[i]}, central difference ${expected}`);
    }
  }
}
