import type { LayerType } from '../../model/layers/index.ts';
import type { Lowering } from '../lowering.ts';
import { lowerActivation } from './activation.ts';
import { lowerAveragePooling2d } from './average_pooling2d.ts';
import { lowerBatchNormalization } from './batch_normalization.ts';
import { lowerCropping2d, lowerZeroPadding2d } from './border.ts';
import { lowerConcatenate } from './concatenate.ts';
import { lowerConv2dTranspose } from './conv2d_transpose.ts';
import { lowerDepthwiseConv2d } from './depthwise_conv2d.ts';
import { lowerGlobalAveragePooling2d, lowerGlobalMaxPooling2d } from './global_pooling2d.ts';
import type { BaseLayerType } from './index.ts';
import { lowerMaxPooling2d } from './max_pooling2d.ts';
import { lowerMerge } from './merge.ts';
import { lowerDropout, lowerGaussianNoise, lowerSpatialDropout2d } from './noise.ts';
import { lowerGroupNormalization, lowerLayerNormalization } from './sample_normalization.ts';
import { lowerSeparableConv2d } from './separable_conv2d.ts';
import { lowerUpSampling2d } from './up_sampling2d.ts';

export { convolutionKernelsFor } from '../../kernels/further_convolutions.ts';
export { foldBatchNorm } from './fold_batch_norm.ts';
export { sumGradientParts } from './gradient_sum.ts';
export { planMicroBatchMoves, planMove, planMoveTable } from './moving_statistics.ts';
export { activateUnfused } from './unfused_activation.ts';

/** The lowerings of all layer types but the basic ones, with their shaders. Loaded when a model has one of them. */
export const furtherLowerings = {
  depthwiseConv2d: lowerDepthwiseConv2d,
  separableConv2d: lowerSeparableConv2d,
  conv2dTranspose: lowerConv2dTranspose,
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
  zeroPadding2d: lowerZeroPadding2d,
  cropping2d: lowerCropping2d,
  upSampling2d: lowerUpSampling2d,
} satisfies { [T in Exclude<LayerType, BaseLayerType>]: Lowering<T> };
