/** Activations by Keras' names in camelCase, in the order in which lists show them. */
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
/** Name of an activation; docs/models.md lists them. */
export type ActivationName = (typeof activationNames)[number];

/** Elementwise activations. Softmax, which needs all classes, is part of the loss. */
export type ElementwiseName = Exclude<ActivationName, 'softmax'>;

/** The activation of a compiled layer; an object if it has a parameter. */
export type ActivationSpec = ElementwiseName | { name: 'leakyRelu'; negativeSlope: number };

export const activationName = (activation: ActivationSpec): ElementwiseName =>
  typeof activation === 'string' ? activation : activation.name;

/** Activations that are zero, with zero gradient, wherever the pre-activation is negative, so that units can die. */
export const rectifiers: readonly ActivationName[] = ['relu', 'relu6'];

/** Default of keras.activations.leaky_relu. Keras' LeakyReLU layer uses 0.3. */
export const defaultNegativeSlope = 0.2;
