import * as v from 'valibot';
import { integer } from '../../check.ts';
import {
  activation,
  checkWeightOptions,
  defineLayer,
  kernelAndBias,
  kernelOptions,
  layerOptions,
  needImage,
  padding,
  pair,
  size,
  trainable,
} from '../layer.ts';
import { slide } from '../window.ts';

/**
 * A two-dimensional convolution: Keras' Conv2D. x [batch, height, width, channels], kernel
 * [kernelHeight, kernelWidth, channels, filters], bias [filters].
 */
export const conv2dLayer = defineLayer({
  type: 'conv2d',
  kerasName: 'conv2d',
  schema: v.strictObject({
    type: v.literal('conv2d'),
    filters: integer(1),
    kernelSize: size,
    strides: v.optional(size, 1),
    padding,
    activation,
    ...kernelOptions,
    trainable,
    ...layerOptions,
  }),
  starter: { filters: 32, kernelSize: 3, activation: 'relu' },
  check: checkWeightOptions,
  compile(config, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const { size, ...window } = slide(subject, shape!, pair(config.kernelSize), pair(config.strides), config.padding);
    return {
      outputShape: [...size, config.filters],
      weights: kernelAndBias(config, [...window.window, channels, config.filters]),
      activation: config.activation,
      details: window,
    };
  },
});
