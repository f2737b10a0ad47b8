import type { ActivationName } from '../../model/activations.ts';
import type { LayerType } from '../../model/layers/index.ts';

/** Keras' class names, which TensorFlow.js shares. */
export const classNames: Record<LayerType, string> = {
  conv2d: 'Conv2D',
  depthwiseConv2d: 'DepthwiseConv2D',
  separableConv2d: 'SeparableConv2D',
  conv2dTranspose: 'Conv2DTranspose',
  dense: 'Dense',
  maxPooling2d: 'MaxPooling2D',
  averagePooling2d: 'AveragePooling2D',
  globalAveragePooling2d: 'GlobalAveragePooling2D',
  globalMaxPooling2d: 'GlobalMaxPooling2D',
  batchNormalization: 'BatchNormalization',
  layerNormalization: 'LayerNormalization',
  groupNormalization: 'GroupNormalization',
  activation: 'Activation',
  dropout: 'Dropout',
  spatialDropout2d: 'SpatialDropout2D',
  gaussianNoise: 'GaussianNoise',
  add: 'Add',
  multiply: 'Multiply',
  average: 'Average',
  maximum: 'Maximum',
  concatenate: 'Concatenate',
  flatten: 'Flatten',
  reshape: 'Reshape',
  zeroPadding2d: 'ZeroPadding2D',
  cropping2d: 'Cropping2D',
  upSampling2d: 'UpSampling2D',
};

/** Layer types by Keras' class name. */
export const typeOfClass = new Map(Object.entries(classNames).map(([type, name]) => [name, type as LayerType]));

/** Names of activation functions in Keras 3. */
export const kerasActivations: Record<ActivationName, string> = {
  linear: 'linear',
  relu: 'relu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  softmax: 'softmax',
  relu6: 'relu6',
  leakyRelu: 'leaky_relu',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  silu: 'silu',
  softplus: 'softplus',
  softsign: 'softsign',
  hardSigmoid: 'hard_sigmoid',
  hardSwish: 'hard_silu',
  mish: 'mish',
  exponential: 'exponential',
};

/**
 * Names of activation functions in TensorFlow.js; null if it has none, or a different function of that name: its hardSigmoid is 0.2
 * x + 0.5.
 */
export const tensorflowActivations: Record<ActivationName, string | null> = {
  ...kerasActivations,
  silu: 'swish',
  leakyRelu: null,
  hardSigmoid: null,
  hardSwish: null,
  exponential: null,
};

/** Other names that Keras accepts for the functions. */
const synonyms: Record<string, ActivationName> = { swish: 'silu', hard_swish: 'hardSwish' };

const byName = new Map(Object.entries(kerasActivations).map(([ours, name]) => [name, ours as ActivationName]));
export const activationOfName = (name: string): ActivationName | undefined => byName.get(name) ?? synonyms[name];
