/** Activations by Keras' names in camelCase, in the order in which a list shows them. */
export const activationNames = [
  'linear',
  'relu',
  'tanh',
  'sigmoid',
  'softmax',
  'relu6',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'silu',
  'softplus',
  'softsign',
  'hardSigmoid',
  'hardSwish',
  'mish',
  'exponential',
] as const;
/** The name of an activation: docs/models.md lists them. */
export type ActivationName = (typeof activationNames)[number];

/** Element by element; softmax, which looks at all classes, belongs to the loss. */
export type ElementwiseName = Exclude<ActivationName, 'softmax'>;

/** An activation of a layer that is compiled; an object where it has a number of its own. */
export type ActivationSpec = ElementwiseName | { name: 'leakyRelu'; negativeSlope: number };

export const activationName = (activation: ActivationSpec): ElementwiseName =>
  typeof activation === 'string' ? activation : activation.name;

/** Zero, and without a gradient, wherever the sum before them is negative: units that can die. */
export const rectifiers: readonly ActivationName[] = ['relu', 'relu6'];

/** keras.activations.leaky_relu's default; Keras' layer LeakyReLU has 0.3. */
export const defaultNegativeSlope = 0.2;
