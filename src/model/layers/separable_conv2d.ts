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
 * A depthwise convolution followed by a 1x1 convolution: Keras' SeparableConv2D. Tensors: depthwiseKernel [kernelHeight,
 * kernelWidth, channels, depthMultiplier], pointwiseKernel [1, 1, channels * depthMultiplier, filters], bias.
 */
export const separableConv2dLayer = defineLayer({
  type: 'separableConv2d',
  kerasName: 'separable_conv2d',
  outputs: 'filters',
  schema: v.strictObject({
    type: v.literal('separableConv2d'),
    filters: integer(1),
    kernelSize: size,
    strides: v.optional(size, 1),
    padding,
    depthMultiplier: v.optional(integer(1), 1),
    dilationRate: v.optional(size, 1),
    activation,
    useBias: v.optional(v.boolean(), true),
    depthwiseInitializer: v.optional(initializer, 'glorotUniform'),
    pointwiseInitializer: v.optional(initializer, 'glorotUniform'),
    biasInitializer: v.optional(initializer, 'zeros'),
    depthwiseRegularizer: v.optional(regularizer),
    pointwiseRegularizer: v.optional(regularizer),
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
