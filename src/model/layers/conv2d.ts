import * as v from 'valibot';
import { integer } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import {
  activation,
  defineLayer,
  kernelAndBias,
  kernelOptions,
  layerOptions,
  needImage,
  padding,
  size,
  trainable,
} from '../layer.ts';
import { checkConvolution, convolutionWindow } from '../window.ts';

/**
 * A two-dimensional convolution: Keras' Conv2D. x [batch, height, width, channels], kernel
 * [kernelHeight, kernelWidth, channels / groups, filters], bias [filters].
 */
export const conv2dLayer = defineLayer({
  type: 'conv2d',
  kerasName: 'conv2d',
  outputs: 'filters',
  pictures: 'kernel',
  schema: v.strictObject({
    /** The type of the layer. */
    type: v.literal('conv2d'),
    /** Output channels; a positive integer, required. */
    filters: integer(1),
    /** Height and width of the window, in pixels; required. */
    kernelSize: size,
    /** Pixels from one window to the next: 1 by default. */
    strides: v.optional(size, 1),
    /** `'valid'`, the default, has no padding; with `'same'` the output has ceil(size / strides) pixels. */
    padding,
    /** Pixels from one element of the window to the next: 1 by default. Above 1 it needs `strides` of 1. */
    dilationRate: v.optional(size, 1),
    /** Groups of channels that are convolved separately: 1 by default. Divides the input channels and `filters`. */
    groups: v.optional(integer(1), 1),
    /** What is applied to the outputs: `'linear'` by default. */
    activation,
    ...kernelOptions,
    trainable,
    ...layerOptions,
  }),
  starter: { filters: 32, kernelSize: 3, activation: 'relu' },
  check: checkConvolution,
  compile(config, [shape], subject) {
    const [, , channels] = needImage(subject, shape!);
    const { filters, groups } = config;
    if (channels % groups !== 0 || filters % groups !== 0) {
      throw new ConfigurationError({
        what: `${subject}: its groups don't divide the channels and the filters`,
        found: `${groups} groups, ${channels} channels, ${filters} filters`,
        expected: 'a divisor of both',
        place: ['groups'],
      });
    }
    const { size, ...details } = convolutionWindow(subject, shape!, config);
    return {
      outputShape: [...size, filters],
      weights: kernelAndBias(config, [...details.window, channels / groups, filters]),
      activation: config.activation,
      details,
    };
  },
});
