import type * as v from 'valibot';
import type { layerDefinitions } from '../../src/model/layers/index.ts';
import type { LayerOptionsByType } from '../../src/model/layers/options.ts';
import type { optimizerDefinitions } from '../../src/model/optimizers/index.ts';
import type { OptimizerOptionsByType } from '../../src/model/optimizers/options.ts';

// The type checker holds the interfaces that a reader sees beside the schemas that check the options: each is what the other is.

type Definitions = typeof optimizerDefinitions;
type OptionsOf<T extends keyof Definitions> = Omit<v.InferInput<Definitions[T]['schema']>, 'type'>;
/** The options that one has and the other hasn't, or that have another type. */
type Different<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B ? ([A[K], B[K]] extends [B[K], A[K]] ? never : K) : K;
}[keyof A | keyof B];

export const differentOptions: {
  [T in keyof Definitions]: [Different<Required<OptimizerOptionsByType[T]>, Required<OptionsOf<T>>>] extends [never]
    ? 'none'
    : Different<Required<OptimizerOptionsByType[T]>, Required<OptionsOf<T>>>;
} = {
  adam: 'none',
  sgd: 'none',
  adamW: 'none',
  nadam: 'none',
  adamax: 'none',
  rmsprop: 'none',
  adagrad: 'none',
  lion: 'none',
  muon: 'none',
};

type Layers = typeof layerDefinitions;
type LayerOptionsOf<T extends keyof Layers> = Omit<v.InferInput<Layers[T]['schema']>, 'type'>;
export const differentLayerOptions: {
  [T in keyof Layers]: [Different<Required<LayerOptionsByType[T]>, Required<LayerOptionsOf<T>>>] extends [never]
    ? 'none'
    : Different<Required<LayerOptionsByType[T]>, Required<LayerOptionsOf<T>>>;
} = {
  conv2d: 'none',
  depthwiseConv2d: 'none',
  separableConv2d: 'none',
  conv2dTranspose: 'none',
  dense: 'none',
  maxPooling2d: 'none',
  averagePooling2d: 'none',
  globalAveragePooling2d: 'none',
  globalMaxPooling2d: 'none',
  batchNormalization: 'none',
  layerNormalization: 'none',
  groupNormalization: 'none',
  activation: 'none',
  dropout: 'none',
  spatialDropout2d: 'none',
  gaussianNoise: 'none',
  add: 'none',
  multiply: 'none',
  average: 'none',
  maximum: 'none',
  concatenate: 'none',
  flatten: 'none',
  reshape: 'none',
  zeroPadding2d: 'none',
  cropping2d: 'none',
  upSampling2d: 'none',
};
