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
 * A transposed convolution, which computes the data gradient of a convolution: Keras' Conv2DTranspose. The kernel is
 * [kernelHeight, kernelWidth, filters, channels]. The output has (n - 1) * stride + max(kernel, stride) rows for `valid`, n *
 * stride for `same`.
 */
export const conv2dTransposeLayer = defineLayer({
  type: 'conv2dTranspose',
  kerasName: 'conv2d_transpose',
  outputs: 'filters',
  schema: v.strictObject({
    type: v.literal('conv2dTranspose'),
    filters: integer(1),
    kernelSize: size,
    strides: v.optional(size, 1),
    padding,
    dilationRate: v.optional(size, 1),
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
    // Keras' deconv_output_length without output_padding; `same` crops the odd element at the end, as TensorFlow does.
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
