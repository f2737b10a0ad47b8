import type { Hole } from '../gpu/wgsl.ts';

interface ActivationFacts {
  /**
   * True if the derivative can be computed from the output alone, so that a layer's kernel can apply the activation without
   * keeping its input. The others run as separate dispatches, activationForward and activationBackward.
   */
  fused: boolean;
  /**
   * The activation counts as flat (saturated) for outputs below the first or above the second number, where its slope is at
   * most 2 % of the steepest one (4 % for sigmoid), or zero for piecewise linear activations. Infinite if the output doesn't
   * reveal it.
   */
  flatBeyond: readonly [number, number];
  /** True if a unit whose output is never above zero has no gradient and can't recover. */
  canDie: boolean;
}

const unlimited = [-Infinity, Infinity] as const;
const seluScale = 1.05070098;
const seluAlpha = 1.67326324;

/** All elementwise activations, with Keras 3's formulas. Softmax is part of the loss. */
const activations = {
  /** z */
  linear: { fused: true, flatBeyond: unlimited, canDie: false },
  /** max(z, 0). Its zeros are counted separately, not as flat. */
  relu: { fused: true, flatBeyond: unlimited, canDie: true },
  /** tanh(z); slope 1 - y^2 */
  tanh: { fused: true, flatBeyond: [-0.99, 0.99], canDie: false },
  /** 1 / (1 + exp(-z)); slope y (1 - y) */
  sigmoid: { fused: true, flatBeyond: [0.01, 0.99], canDie: false },
  /** min(max(z, 0), 6). Flat at 6 exactly, so the limit is the preceding float32. Zeros are counted as for relu. */
  relu6: { fused: true, flatBeyond: [-Infinity, 6 - 2 ** -21], canDie: true },
  /** z where z > 0, else negativeSlope z */
  leakyRelu: { fused: true, flatBeyond: unlimited, canDie: false },
  /** z where z > 0, else exp(z) - 1; slope 1 or y + 1 */
  elu: { fused: true, flatBeyond: [-0.98, Infinity], canDie: false },
  /** scale z where z > 0, else scale alpha (exp(z) - 1); slope scale or y + scale alpha */
  selu: { fused: true, flatBeyond: [-0.98 * seluScale * seluAlpha, Infinity], canDie: false },
  /** log(1 + exp(z)); slope 1 - exp(-y), which is 0.02 at y = -log(0.98) */
  softplus: { fused: true, flatBeyond: [0.0202, Infinity], canDie: false },
  /** z / (1 + |z|); slope (1 - |y|)^2, which is 0.02 at |y| = 1 - sqrt(0.02) */
  softsign: { fused: true, flatBeyond: [-0.8586, 0.8586], canDie: false },
  /** relu6(z + 3) / 6. Flat at exactly 0 and 1, so the limits are the neighboring float32 numbers. */
  hardSigmoid: { fused: true, flatBeyond: [2 ** -26, 1 - 2 ** -24], canDie: false },
  /** exp(z); slope y, which is 1 at z = 0 */
  exponential: { fused: true, flatBeyond: [0.02, Infinity], canDie: false },
  // The following activations are not monotonic, so one output value can have two slopes.
  /** z Phi(z), where Phi is the standard normal distribution function: Keras' `approximate=False` */
  gelu: { fused: false, flatBeyond: unlimited, canDie: false },
  /** z sigmoid(z) */
  silu: { fused: false, flatBeyond: unlimited, canDie: false },
  /** z relu6(z + 3) / 6: Keras' hard_silu, also named hard_swish */
  hardSwish: { fused: false, flatBeyond: unlimited, canDie: false },
  /** z tanh(softplus(z)) */
  mish: { fused: false, flatBeyond: unlimited, canDie: false },
} as const satisfies Record<string, ActivationFacts>;

export type AnyActivationName = keyof typeof activations;
type Named<Fused> = {
  [Name in AnyActivationName]: (typeof activations)[Name]['fused'] extends Fused ? Name : never;
}[AnyActivationName];

export type FusedActivationName = Named<true>;
/** Activations whose derivative needs their input. */
export type UnfusedActivation = Named<false>;
/** An activation that is fused into a layer's kernel. The object form carries leakyRelu's slope, which must not be negative. */
export type Activation = FusedActivationName | { name: 'leakyRelu'; negativeSlope: number };
export type AnyActivation = Activation | UnfusedActivation;

export const activationNames = Object.keys(activations) as AnyActivationName[];

/** Default of keras.activations.leaky_relu. Keras' LeakyReLU layer uses 0.3. */
export const defaultNegativeSlope = 0.2;

const nameOf = (activation: AnyActivation): AnyActivationName =>
  typeof activation === 'string' ? activation : activation.name;
const factsOf = (activation: AnyActivation): ActivationFacts => activations[nameOf(activation)];

export const isFused = (activation: AnyActivation): activation is Activation => factsOf(activation).fused;
export const flatBeyond = (activation: AnyActivation): readonly [number, number] => factsOf(activation).flatBeyond;
export const canDie = (activation: AnyActivation): boolean => factsOf(activation).canDie;

const wgslFloat = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** The flags and text holes of shaders/lib/activate.wgsl and derivative.wgsl. */
export function activationFlags(activation: Activation): Record<string, Hole> {
  const name = nameOf(activation);
  const negativeSlope = typeof activation === 'string' ? defaultNegativeSlope : activation.negativeSlope;
  return {
    relu: name === 'relu',
    tanh: name === 'tanh',
    sigmoid: name === 'sigmoid',
    relu6: name === 'relu6',
    leaky_relu: name === 'leakyRelu',
    negative_slope: wgslFloat(negativeSlope),
    elu: name === 'elu' || name === 'selu',
    elu_scale: wgslFloat(name === 'selu' ? seluScale : 1),
    elu_alpha: wgslFloat(name === 'selu' ? seluAlpha : 1),
    softplus: name === 'softplus',
    softsign: name === 'softsign',
    hard_sigmoid: name === 'hardSigmoid',
    exponential: name === 'exponential',
  };
}

/** The flag and text hole of elementwise kernels, in which an invocation processes four elements if `vec`. */
export const elementFlags = (vec: boolean) => ({ vec, element: vec ? 'vec4f' : 'f32' });
