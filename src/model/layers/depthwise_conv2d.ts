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
 * A separate convolution of each channel: Keras' DepthwiseConv2D. The kernel is [kernelHeight, kernelWidth, channels,
 * depthMultiplier]; output channel c * depthMultiplier + m is computed from input channel c.
 */
export const depthwiseConv2dLayer = defineLayer({
  type: 'depthwiseConv2d',
  kerasName: 'depthwise_conv2d',
  schema: v.strictObject({
    type: v.literal('depthwiseConv2d'),
    kernelSize: size,
    strides: v.optional(size, 1),
    padding,
    depthMultiplier: v.optional(integer(1), 1),
    dilationRate: v.optional(size, 1),
    activation,
    useBias: v.optional(v.boolean(), true),
    depthwiseInitializer: v.optional(initializer, 'glorotUniform'),
    biasInitializer: v.optional(initializer, 'zeros'),
    depthwiseRegularizer: v.optional(regularizer),
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
