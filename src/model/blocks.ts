import { activation as activationLayer, add, batchNormalization, conv2d, depthwiseConv2d } from './layer_factories.ts';
import type { LayerConfig, LayerConfigOf } from './layers/index.ts';

type Activation = LayerConfigOf<'activation'>['activation'];

/** Options of `residualBlock`. */
export interface ResidualBlockOptions {
  /** Output channels; a positive integer. */
  filters: number;
  /** Strides of the first convolution and of the shortcut's convolution; 1 by default. */
  strides?: number;
  /** Activation of both convolutions; `relu` by default. */
  activation?: Activation;
  /**
   * `identity` adds the block's input unchanged, so the input must have `filters` channels. `projection` adapts its shape with
   * a 1x1 convolution and a normalization. `none` omits the shortcut, which gives a plain network for comparison. The default is
   * `projection` if `strides` isn't 1, otherwise `identity`.
   */
  shortcut?: 'identity' | 'projection' | 'none';
}

const normalizedConvolution = (filters: number, kernelSize: number, strides: number): LayerConfig[] => [
  conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: 'heNormal' }),
  batchNormalization(),
];

/**
 * Two 3x3 convolutions with batch normalization and a shortcut around them (He et al. 2015, "Deep residual learning for image
 * recognition", figure 2). Returns layers to spread into a model's list: `...residualBlock({ filters: 32, strides: 2 })`.
 */
export function residualBlock({
  filters,
  strides = 1,
  activation = 'relu',
  shortcut = strides === 1 ? 'identity' : 'projection',
}: ResidualBlockOptions): LayerConfig[] {
  const end = activationLayer({ activation });
  const main = [
    ...normalizedConvolution(filters, 3, strides),
    activationLayer({ activation }),
    ...normalizedConvolution(filters, 3, 1),
  ];
  if (shortcut === 'none') return [...main, end];
  // Counted from the add layer: the layer before the block.
  if (shortcut === 'identity') return [...main, add({ inputs: [-1, -1 - main.length] }), end];
  const [convolution, normalization] = normalizedConvolution(filters, 1, strides) as [LayerConfig, LayerConfig];
  return [
    ...main,
    { ...convolution, inputs: [-1 - main.length] } as LayerConfig,
    normalization,
    add({ inputs: [-1, -3] }),
    end,
  ];
}

/** Options of `separableBlock`. */
export interface SeparableBlockOptions {
  /** Output channels; a positive integer. */
  filters: number;
  /** Strides of the depthwise convolution; 1 by default. */
  strides?: number;
  /** Activation of both convolutions; `relu6` by default. */
  activation?: Activation;
}

/**
 * A 3x3 depthwise convolution and a 1x1 convolution, each with batch normalization and an activation (Howard et al. 2017,
 * "MobileNets", table 1). Returns layers to spread into a model's list.
 */
export const separableBlock = ({
  filters,
  strides = 1,
  activation = 'relu6',
}: SeparableBlockOptions): LayerConfig[] => [
  depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false, depthwiseInitializer: 'heNormal' }),
  batchNormalization(),
  activationLayer({ activation }),
  ...normalizedConvolution(filters, 1, 1),
  activationLayer({ activation }),
];
