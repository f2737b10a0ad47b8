import * as v from 'valibot';
import { integer } from '../../check.ts';
import { depthwiseKernel } from '../depthwise_kernel.ts';
import {
  activation,
  defineLayer,
  initializer,
  layerOptions,
  needImage,
  padding,
  regularizer,
  size,
  trainable,
  weightSpec,
} from '../layer.ts';
import { checkConvolution, convolutionWindow } from '../window.ts';

/**
 * A depthwise convolution and a 1x1 convolution over what it gives: Keras' SeparableConv2D. Tensors: depthwiseKernel
 * [kernelHeight, kernelWidth, channels, depthMultiplier], pointwiseKernel [1, 1, channels * depthMultiplier, filters], bias.
 */
export const separableConv2dLayer = defineLayer({
  type: 'separableConv2d',
  kerasName: 'separable_conv2d',
  outputs: 'filters',
  schema: v.strictObject({
    /** The type of the layer. */
    type: v.literal('separableConv2d'),
    /** Output channels; a positive integer, required. */
    filters: integer(1),
    /** Height and width of the window, in pixels; required. */
    kernelSize: size,
    /** Pixels from one window to the next: 1 by default. */
    strides: v.optional(size, 1),
    /** `'valid'`, the default, has no padding; with `'same'` the output has ceil(size / strides) pixels. */
    padding,
    /** Channels between the two convolutions for each input channel: 1 by default. */
    depthMultiplier: v.optional(integer(1), 1),
    /** Pixels from one element of the window to the next: 1 by default. Above 1 it needs `strides` of 1. */
    dilationRate: v.optional(size, 1),
    /** What is applied to the outputs: `'linear'` by default. */
    activation,
    /** Whether a bias is added; true by default. */
    useBias: v.optional(v.boolean(), true),
    /** How the kernel of the windows begins: `'glorotUniform'` by default. */
    depthwiseInitializer: v.optional(initializer, 'glorotUniform'),
    /** How the kernel of the 1x1 convolution begins: `'glorotUniform'` by default. */
    pointwiseInitializer: v.optional(initializer, 'glorotUniform'),
    /** How the bias begins: `'zeros'` by default. */
    biasInitializer: v.optional(initializer, 'zeros'),
    /** A penalty on the kernel of the windows that is part of the loss; none by default. */
    depthwiseRegularizer: v.optional(regularizer),
    /** A penalty on the kernel of the 1x1 convolution that is part of the loss; none by default. */
    pointwiseRegularizer: v.optional(regularizer),
    /** A penalty on the bias that is part of the loss; none by default. */
    biasRegularizer: v.optional(regularizer),
    trainable,
    ...layerOptions,
  }),
  starter: { filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' },
  check: checkConvolution,
  compile(config, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const { depthMultiplier, filters } = config;
    const { size, ...details } = convolutionWindow(subject, shape!, config);
    const between = channels * depthMultiplier;
    const depthwise = depthwiseKernel(config, details.window, channels);
    const pointwise = weightSpec(
      'pointwiseKernel',
      [1, 1, between, filters],
      config,
      {
        initializer: config.pointwiseInitializer,
        regularizer: config.pointwiseRegularizer,
        option: 'pointwiseInitializer',
      },
      { fanIn: between, fanOut: filters },
    );
    const bias = { initializer: config.biasInitializer, regularizer: config.biasRegularizer };
    return {
      outputShape: [...size, filters],
      weights: [
        depthwise,
        { ...pointwise, isMatrix: true },
        ...(config.useBias ? [weightSpec('bias', [filters], config, bias)] : []),
      ],
      activation: config.activation,
      details: { ...details, between },
    };
  },
});
