import type { CompiledLayer } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';
import { lowerActivation } from './activation.ts';
import { lowerAveragePooling2d } from './average_pooling2d.ts';
import { lowerBatchNormalization } from './batch_normalization.ts';
import { lowerCropping2d, lowerZeroPadding2d } from './border.ts';
import { lowerConcatenate } from './concatenate.ts';
import { lowerConv2d } from './conv2d.ts';
import { lowerConv2dTranspose } from './conv2d_transpose.ts';
import { lowerDense } from './dense.ts';
import { lowerDepthwiseConv2d } from './depthwise_conv2d.ts';
import { lowerGlobalAveragePooling2d, lowerGlobalMaxPooling2d } from './global_pooling2d.ts';
import { lowerMaxPooling2d } from './max_pooling2d.ts';
import { lowerMerge } from './merge.ts';
import { lowerDropout, lowerGaussianNoise, lowerSpatialDropout2d } from './noise.ts';
import { passOn } from './pass_on.ts';
import { lowerGroupNormalization, lowerLayerNormalization } from './sample_normalization.ts';
import { lowerSeparableConv2d } from './separable_conv2d.ts';
import { lowerUpSampling2d } from './up_sampling2d.ts';

/** How each type of layer becomes dispatches. A table of its own: a page that only describes models does without it. */
const lowerings = {
  conv2d: lowerConv2d,
  depthwiseConv2d: lowerDepthwiseConv2d,
  separableConv2d: lowerSeparableConv2d,
  conv2dTranspose: lowerConv2dTranspose,
  dense: lowerDense,
  maxPooling2d: lowerMaxPooling2d,
  averagePooling2d: lowerAveragePooling2d,
  globalAveragePooling2d: lowerGlobalAveragePooling2d,
  globalMaxPooling2d: lowerGlobalMaxPooling2d,
  batchNormalization: lowerBatchNormalization,
  layerNormalization: lowerLayerNormalization,
  groupNormalization: lowerGroupNormalization,
  activation: lowerActivation,
  dropout: lowerDropout,
  spatialDropout2d: lowerSpatialDropout2d,
  gaussianNoise: lowerGaussianNoise,
  add: lowerMerge('add'),
  multiply: lowerMerge('multiply'),
  average: lowerMerge('average'),
  maximum: lowerMerge('maximum'),
  concatenate: lowerConcatenate,
  flatten: passOn,
  reshape: passOn,
  zeroPadding2d: lowerZeroPadding2d,
  cropping2d: lowerCropping2d,
  upSampling2d: lowerUpSampling2d,
} satisfies { [T in LayerType]: Lowering<T> };

export const lowerLayer = (layer: CompiledLayer, context: LoweringContext): Lowered =>
  (lowerings[layer.type] as (layer: CompiledLayer, context: LoweringContext) => Lowered)(layer, context);
