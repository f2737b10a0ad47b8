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
 * A convolution of each channel by itself: Keras' DepthwiseConv2D. The kernel is [kernelHeight, kernelWidth, channels,
 * depthMultiplier]; output channel c * depthMultiplier + m comes from input channel c.
 */
export const depthwiseConv2dLayer = defineLayer({
  type: 'depthwiseConv2d',
  kerasName: 'depthwise_conv2d',
  schema: v.strictObject({
    /** The type of the layer. */
    type: v.literal('depthwiseConv2d'),
    /** Height and width of the window, in pixels; required. */
    kernelSize: size,
    /** Pixels from one window to the next: 1 by default. */
    strides: v.optional(size, 1),
    /** `'valid'`, the default, has no padding; with `'same'` the output has ceil(size / strides) pixels. */
    padding,
    /** Output channels for each input channel: 1 by default. */
    depthMultiplier: v.optional(integer(1), 1),
    /** Pixels from one element of the window to the next: 1 by default. Above 1 it needs `strides` of 1. */
    dilationRate: v.optional(size, 1),
    /** What is applied to the outputs: `'linear'` by default. */
    activation,
    /** Whether a bias is added; true by default. */
    useBias: v.optional(v.boolean(), true),
    /** How the kernel begins: `'glorotUniform'` by default. */
    depthwiseInitializer: v.optional(initializer, 'glorotUniform'),
    /** How the bias begins: `'zeros'` by default. */
    biasInitializer: v.optional(initializer, 'zeros'),
    /** A penalty on the kernel that is part of the loss; none by default. */
    depthwiseRegularizer: v.optional(regularizer),
    /** A penalty on the bias that is part of the loss; none by default. */
    biasRegularizer: v.optional(regularizer),
    trainable,
    ...layerOptions,
  }),
  starter: { kernelSize: 3, padding: 'same', activation: 'relu' },
  check: checkConvolution,
  compile(config, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const { depthMultiplier, biasInitializer, biasRegularizer } = config;
    const { size, ...details } = convolutionWindow(subject, shape!, config);
    const kernel = depthwiseKernel(config, details.window, channels);
    const bias = { initializer: biasInitializer, regularizer: biasRegularizer };
    const outputs = channels * depthMultiplier;
    return {
      outputShape: [...size, outputs],
      weights: config.useBias ? [kernel, weightSpec('bias', [outputs], config, bias)] : [kernel],
      activation: config.activation,
      details,
    };
  },
});
