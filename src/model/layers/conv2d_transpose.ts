import * as v from 'valibot';
import { integer } from '../../check.ts';
import {
  activation,
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
import { checkConvolution } from '../window.ts';

/**
 * A transposed convolution, the gradient of a convolution as a layer: Keras' Conv2DTranspose. The kernel is
 * [kernelHeight, kernelWidth, filters, channels]; `valid` gives (n - 1) * stride + max(kernel, stride) rows, `same` n * stride.
 */
export const conv2dTransposeLayer = defineLayer({
  type: 'conv2dTranspose',
  kerasName: 'conv2d_transpose',
  outputs: 'filters',
  schema: v.strictObject({
    /** The type of the layer. */
    type: v.literal('conv2dTranspose'),
    /** Output channels; a positive integer, required. */
    filters: integer(1),
    /** Height and width of the window, in pixels; required. */
    kernelSize: size,
    /** Output pixels for each input pixel: 1 by default. */
    strides: v.optional(size, 1),
    /** `'valid'`, the default, gives (size - 1) * strides + max(kernelSize, strides) pixels, `'same'` size * strides. */
    padding,
    /** Pixels from one element of the window to the next: 1 by default. Above 1 it needs `strides` of 1. */
    dilationRate: v.optional(size, 1),
    /** What is applied to the outputs: `'linear'` by default. */
    activation,
    ...kernelOptions,
    trainable,
    ...layerOptions,
  }),
  starter: { filters: 32, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
  check: checkConvolution,
  compile(config, [shape], subject) {
    const [height, width, channels] = needImage(subject, shape!);
    const window = pair(config.kernelSize);
    const strides = pair(config.strides);
    const dilation = pair(config.dilationRate);
    // Keras' deconv_output_length without output_padding; `same` cuts off the odd one at the end, as TensorFlow does.
    const along = (n: number, axis: 0 | 1): [number, number] => {
      const overlap = Math.max(0, (window[axis] - 1) * dilation[axis] + 1 - strides[axis]);
      return config.padding === 'same'
        ? [n * strides[axis], Math.floor(overlap / 2)]
        : [n * strides[axis] + overlap, 0];
    };
    const [outHeight, top] = along(height, 0);
    const [outWidth, left] = along(width, 1);
    return {
      outputShape: [outHeight, outWidth, config.filters],
      weights: kernelAndBias(config, [...window, config.filters, channels], config.filters),
      activation: config.activation,
      details: { window, strides, dilation, pad: [top, left] as [number, number] },
    };
  },
});
