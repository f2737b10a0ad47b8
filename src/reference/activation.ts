import type { Activation, AnyActivation, FusedActivationName, UnfusedActivation } from '../kernels/activation.ts';
import type { ActivationShape } from '../kernels/activation_layer.ts';

type Numbers = ArrayLike<number>;

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

const clamp = (z: number, low: number, high: number) => Math.min(Math.max(z, low), high);
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

const functions: Record<FusedActivationName, (z: number, negativeSlope: number) => number> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  tanh: Math.tanh,
  sigmoid,
  relu6: (z) => clamp(z, 0, 6),
  leakyRelu: (z, negativeSlope) => (z > 0 ? z : negativeSlope * z),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  selu: (z) => seluScale * (z > 0 ? z : seluAlpha * Math.expm1(z)),
  softplus,
  softsign: (z) => z / (1 + Math.abs(z)),
  hardSigmoid: (z) => clamp(z + 3, 0, 6) / 6,
  exponential: Math.exp,
};

const derivatives: Record<FusedActivationName, (y: number, negativeSlope: number) => number> = {
  linear: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  tanh: (y) => 1 - y * y,
  sigmoid: (y) => y * (1 - y),
  relu6: (y) => (y > 0 && y < 6 ? 1 : 0),
  leakyRelu: (y, negativeSlope) => (y > 0 ? 1 : negativeSlope),
  elu: (y) => (y > 0 ? 1 : y + 1),
  selu: (y) => (y > 0 ? seluScale : y + seluScale * seluAlpha),
  softplus: (y) => -Math.expm1(-y),
  softsign: (y) => (1 - Math.abs(y)) ** 2,
  hardSigmoid: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
  exponential: (y) => y,
};

/**
 * The standard normal distribution function: 1/2 + x density(x) (1 + x^2/3 + x^4/15 + ...), whose terms are all positive
 * (Abramowitz and Stegun 26.2.11), and for large |x| the continued fraction of the tail (26.2.14).
 */
function normalDistribution(x: number): number {
  const size = Math.abs(x);
  if (size > 6) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (size + fraction);
    const tail = normalDensity(size) / (size + fraction);
    return x < 0 ? tail : 1 - tail;
  }
  let term = x;
  let sum = 0;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    sum += term;
    term *= (x * x) / k;
  }
  return 0.5 + normalDensity(x) * sum;
}

const normalDensity = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

const unfused: Record<UnfusedActivation, { of: (x: number) => number; derivative: (x: number) => number }> = {
  gelu: {
    of: (x) => x * normalDistribution(x),
    derivative: (x) => normalDistribution(x) + x * normalDensity(x),
  },
  silu: {
    of: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  hardSwish: {
    of: (x) => (x * clamp(x + 3, 0, 6)) / 6,
    derivative: (x) => {
      if (x <= -3) return 0;
      return x >= 3 ? 1 : x / 3 + 0.5;
    },
  },
  mish: {
    of: (x) => x * Math.tanh(softplus(x)),
    derivative: (x) => {
      const t = Math.tanh(softplus(x));
      return t + x * (1 - t * t) * sigmoid(x);
    },
  },
};

export const isUnfused = (activation: AnyActivation): activation is UnfusedActivation =>
  typeof activation === 'string' && activation in unfused;

const split = (activation: Activation): [FusedActivationName, number] =>
  typeof activation === 'string' ? [activation, 0.2] : [activation.name, activation.negativeSlope];

/** y = act(z) */
export function activate(activation: AnyActivation, z: number): number {
  if (isUnfused(activation)) return unfused[activation].of(z);
  const [name, negativeSlope] = split(activation);
  return functions[name](z, negativeSlope);
}

/** act'(z) from y = act(z), as in the shaders, which keep only y. relu'(0) = 0, as in TensorFlow and PyTorch. */
export function derivative(activation: Activation, y: number): number {
  const [name, negativeSlope] = split(activation);
  return derivatives[name](y, negativeSlope);
}

/** act'(x) of an activation whose derivative can't be computed from its value. */
export const derivativeFromInput = (activation: UnfusedActivation, x: number): number =>
  unfused[activation].derivative(x);

/** y[i] = act(x[i]) */
export function activationForward({ activation }: ActivationShape, { x }: { x: Numbers }): { y: Float64Array } {
  return { y: Float64Array.from(x, (value) => activate(activation, value)) };
}

/** dx[i] = act'(x[i]) * dy[i], and 0 where dy[i] is 0, whatever x[i] is; `made` is y or, for an unfused activation, x. */
export function activationBackward(
  { activation }: ActivationShape,
  { made, dy }: { made: Numbers; dy: Numbers },
): { dx: Float64Array } {
  const slope = (value: number) =>
    isUnfused(activation) ? derivativeFromInput(activation, value) : derivative(activation, value);
  return { dx: Float64Array.from(dy, (value, i) => (value === 0 ? 0 : slope(made[i]!) * value)) };
}
