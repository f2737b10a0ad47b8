import type * as v from 'valibot';
import type { LayerDefinition } from '../layer.ts';
import { activationLayer } from './activation.ts';
import { addLayer } from './add.ts';
import { averageLayer } from './average.ts';
import { averagePooling2dLayer } from './average_pooling2d.ts';
import { batchNormalizationLayer } from './batch_normalization.ts';
import { concatenateLayer } from './concatenate.ts';
import { conv2dLayer } from './conv2d.ts';
import { conv2dTransposeLayer } from './conv2d_transpose.ts';
import { cropping2dLayer } from './cropping2d.ts';
import { denseLayer } from './dense.ts';
import { depthwiseConv2dLayer } from './depthwise_conv2d.ts';
import { dropoutLayer } from './dropout.ts';
import { flattenLayer } from './flatten.ts';
import { gaussianNoiseLayer } from './gaussian_noise.ts';
import { globalAveragePooling2dLayer } from './global_average_pooling2d.ts';
import { globalMaxPooling2dLayer } from './global_max_pooling2d.ts';
import { groupNormalizationLayer } from './group_normalization.ts';
import { layerNormalizationLayer } from './layer_normalization.ts';
import { maxPooling2dLayer } from './max_pooling2d.ts';
import { maximumLayer } from './maximum.ts';
import { multiplyLayer } from './multiply.ts';
import type { LayerOptionsByType } from './options.ts';
import { reshapeLayer } from './reshape.ts';
import { separableConv2dLayer } from './separable_conv2d.ts';
import { spatialDropout2dLayer } from './spatial_dropout2d.ts';
import { upSampling2dLayer } from './up_sampling2d.ts';
import { zeroPadding2dLayer } from './zero_padding2d.ts';

/** Every layer type, in the order in which lists show them. */
export const layerDefinitions = {
  conv2d: conv2dLayer,
  depthwiseConv2d: depthwiseConv2dLayer,
  separableConv2d: separableConv2dLayer,
  conv2dTranspose: conv2dTransposeLayer,
  dense: denseLayer,
  maxPooling2d: maxPooling2dLayer,
  averagePooling2d: averagePooling2dLayer,
  globalAveragePooling2d: globalAveragePooling2dLayer,
  globalMaxPooling2d: globalMaxPooling2dLayer,
  batchNormalization: batchNormalizationLayer,
  layerNormalization: layerNormalizationLayer,
  groupNormalization: groupNormalizationLayer,
  activation: activationLayer,
  dropout: dropoutLayer,
  spatialDropout2d: spatialDropout2dLayer,
  gaussianNoise: gaussianNoiseLayer,
  add: addLayer,
  multiply: multiplyLayer,
  average: averageLayer,
  maximum: maximumLayer,
  concatenate: concatenateLayer,
  flatten: flattenLayer,
  reshape: reshapeLayer,
  zeroPadding2d: zeroPadding2dLayer,
  cropping2d: cropping2dLayer,
  upSampling2d: upSampling2dLayer,
} satisfies Record<LayerType, unknown>;

type Definitions = typeof layerDefinitions;
/** The type of a layer. */
export type LayerType = keyof LayerOptionsByType;
export const layerTypes = Object.keys(layerDefinitions) as LayerType[];

/** A layer as plain JSON; options with a default may be omitted. */
export type LayerConfigOf<T extends LayerType> = { type: T } & LayerOptionsByType[T];
/** A layer of a model as plain JSON: its `type`, and the options of that type. */
export type LayerConfig = { [T in LayerType]: LayerConfigOf<T> }[LayerType];

/** The same with every default filled in. */
export type FilledLayerOf<T extends LayerType> = v.InferOutput<Definitions[T]['schema']>;
export type FilledLayer = { [T in LayerType]: FilledLayerOf<T> }[LayerType];

/** The values that a type's definition computes besides shapes and weights. */
export type DetailsOf<T extends LayerType> = ReturnType<Definitions[T]['compile']>['details'];

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const definitionOf = (type: LayerType): LayerDefinition<any, any> => layerDefinitions[type];
