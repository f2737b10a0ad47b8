import type { ElementwiseName } from '../../model/activations.ts';

/** The error function with an error of 1e-15: its series near zero, its continued fraction elsewhere. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let [term, sum] = [z, z];
    for (let n = 1; n < 60; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (z + fraction) / Math.sqrt(Math.PI));
}

const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clamp = (x: number, least: number, most: number) => Math.min(most, Math.max(least, x));

/** The formulas of wgrad's activations. */
export const functions: Record<Exclude<ElementwiseName, 'linear' | 'leakyRelu'>, (x: number) => number> = {
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid,
  relu6: (x) => clamp(x, 0, 6),
  elu: (x) => (x < 0 ? Math.expm1(x) : x),
  selu: (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x),
  gelu: (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  silu: (x) => x * sigmoid(x),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  hardSigmoid: (x) => clamp(x / 6 + 0.5, 0, 1),
  hardSwish: (x) => x * clamp(x / 6 + 0.5, 0, 1),
  mish: (x) => x * Math.tanh(softplus(x)),
  exponential: Math.exp,
};

export type Recognized =
  | { kind: 'activation'; name: ElementwiseName; negativeSlope?: number }
  | { kind: 'affine'; scale: number; shift: number };

/** Points at which functions are compared: on both sides of every possible kink, and far out. */
const points = [
  0, 1e-3, -1e-3, 0.07, -0.11, 0.4, -0.45, 0.95, -0.9, 1.3, -1.25, 1.9, -2.1, 2.6, -2.7, 2.97, -2.98, 3.02, -3.03, 3.9,
  -4.1, 5.2, -5.3, 5.98, 6.03, -6.5, 7.7, -8.2, 10.4, -11, 15, -16, 23, -25, 47, -51, 99, -103, 1e3, -1e3, 1e5, -1e5,
];

function agree(f: (x: number) => number, g: (x: number) => number): boolean {
  return points.every((x) => {
    const [found, expected] = [f(x), g(x)];
    // Far out, a formula may overflow where the function itself does not.
    if (!Number.isFinite(found)) return Math.abs(x) > 40;
    return Math.abs(found - expected) <= 1e-6 * (1 + Math.abs(expected));
  });
}

/**
 * Recognizes a function of one number by its values, because exporters write GELU, SiLU, Mish and the hard activations in several
 * ways as sums and products of smaller operators.
 */
export function recognize(f: (x: number) => number): Recognized | undefined {
  const shift = f(0);
  const scale = f(1) - shift;
  const slope = -f(-1);
  if (Number.isFinite(shift) && Number.isFinite(scale) && agree(f, (x) => scale * x + shift)) {
    return { kind: 'affine', scale, shift };
  }
  for (const [name, g] of Object.entries(functions)) {
    if (agree(f, g)) return { kind: 'activation', name: name as ElementwiseName };
  }
  if (slope >= 0 && agree(f, (x) => (x < 0 ? slope * x : x))) {
    return { kind: 'activation', name: 'leakyRelu', negativeSlope: slope };
  }
  return undefined;
}
