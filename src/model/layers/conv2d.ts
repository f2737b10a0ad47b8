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
    type: v.literal('conv2d'),
    filters: integer(1),
    kernelSize: size,
    strides: v.optional(size, 1),
    padding,
    dilationRate: v.optional(size, 1),
    groups: v.optional(integer(1), 1),
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
