export { numbers } from '../../src/selftest/numbers.ts';

/** sum of a * b: turns a tensor into the one number that central differences want, b being its gradient. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Compares `gradient` with (f(x + h) - f(x - h)) / 2h for each element of x.
 *
 * With h = 1e-4 the formula is wrong by h*h/6 times the third derivative, about 1e-8 for functions of order one, and
 * float64 by 1e-16 / h = 1e-12: the bound leaves a factor of ten. Inputs near a kink of f would be the test's fault.
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
