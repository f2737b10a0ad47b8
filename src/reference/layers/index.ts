import type { LayerType } from '../../model/layers/index.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { batchNormalizationTwin } from './batch_normalization.ts';
import { cropping2dTwin, zeroPadding2dTwin } from './border.ts';
import { concatenateTwin } from './concatenate.ts';
import { conv2dTwin } from './conv2d.ts';
import { conv2dTransposeTwin } from './conv2d_transpose.ts';
import { denseTwin } from './dense.ts';
import { depthwiseConv2dTwin } from './depthwise_conv2d.ts';
import { mergeTwin } from './merge.ts';
import { dropoutTwin, gaussianNoiseTwin, spatialDropout2dTwin } from './noise.ts';
import { passOnTwin } from './pass_on.ts';
import {
  averagePooling2dTwin,
  globalAveragePooling2dTwin,
  globalMaxPooling2dTwin,
  maxPooling2dTwin,
} from './pooling.ts';
import { groupNormalizationTwin, layerNormalizationTwin } from './sample_normalization.ts';
import { separableConv2dTwin } from './separable_conv2d.ts';
import { upSampling2dTwin } from './up_sampling2d.ts';

const twins = {
  conv2d: conv2dTwin,
  depthwiseConv2d: depthwiseConv2dTwin,
  separableConv2d: separableConv2dTwin,
  conv2dTranspose: conv2dTransposeTwin,
  dense: denseTwin,
  maxPooling2d: maxPooling2dTwin,
  averagePooling2d: averagePooling2dTwin,
  globalAveragePooling2d: globalAveragePooling2dTwin,
  globalMaxPooling2d: globalMaxPooling2dTwin,
  batchNormalization: batchNormalizationTwin,
  layerNormalization: layerNormalizationTwin,
  groupNormalization: groupNormalizationTwin,
  activation: passOnTwin,
  dropout: dropoutTwin,
  spatialDropout2d: spatialDropout2dTwin,
  gaussianNoise: gaussianNoiseTwin,
  add: mergeTwin('add'),
  multiply: mergeTwin('multiply'),
  average: mergeTwin('average'),
  maximum: mergeTwin('maximum'),
  concatenate: concatenateTwin,
  flatten: passOnTwin,
  reshape: passOnTwin,
  zeroPadding2d: zeroPadding2dTwin,
  cropping2d: cropping2dTwin,
  upSampling2d: upSampling2dTwin,
} satisfies { [T in LayerType]: LayerTwin<T> };

export const twinOf = (type: LayerType): LayerTwin<LayerType> => twins[type] as unknown as LayerTwin<LayerType>;
