import { ConfigurationError } from '../errors.ts';
import { checkWeightOptions, type Padding, pair, type Size } from './layer.ts';

/** A window that slides over an image. All sizes are [vertical, horizontal]. */
export interface Window {
  window: [number, number];
  strides: [number, number];
  /**
   * Rows that `same` adds above the image and columns that it adds to its left, as in TensorFlow. If the total is odd, the extra row or
   * column is added below or to the right.
   */
  pad: [number, number];
}

/**
 * Number of window positions along each axis, by TensorFlow's rules for `valid` and `same`. A dilated window spans `reach`
 * pixels.
 */
export function slide(
  subject: string,
  shape: readonly number[],
  window: [number, number],
  strides: [number, number],
  padding: Padding,
  reach: [number, number] = window,
): Window & { size: [number, number] } {
  const along = (axis: 0 | 1): [number, number] => {
    const n = shape[axis]!;
    if (padding === 'same') {
      const out = Math.ceil(n / strides[axis]);
      return [out, Math.floor(Math.max(0, (out - 1) * strides[axis] + reach[axis] - n) / 2)];
    }
    return [Math.floor((n - reach[axis]) / strides[axis]) + 1, 0];
  };
  const [height, top] = along(0);
  const [width, left] = along(1);
  if (height < 1 || width < 1) {
    throw new ConfigurationError({
      what: `${subject}: its window of ${reach.join(' x ')} is larger than its input`,
      found: shape,
      expected: `at least [${reach.join(', ')}, channels]`,
      fix: 'use padding "same", a smaller window or fewer pools before it',
    });
  }
  return { window, strides, pad: [top, left], size: [height, width] };
}

/**
 * Checks that a convolution's schema can't express: the options of its weights, and that strides and dilationRate are not combined, which
 * Keras rejects even for different axes.
 *
 * @throws ConfigurationError
 */
export function checkConvolution(config: { strides: Size; dilationRate: Size }, subject: string): void {
  checkWeightOptions(config, subject);
  const { strides, dilationRate } = config;
  if (Math.max(...pair(strides)) === 1 || Math.max(...pair(dilationRate)) === 1) return;
  throw new ConfigurationError({
    what: `${subject}: strides and dilationRate are both above 1`,
    found: `strides ${JSON.stringify(strides)} and dilationRate ${JSON.stringify(dilationRate)}`,
    expected: 'strides of 1 or a dilationRate of 1',
    fix: 'set one of them to 1',
    place: ['dilationRate'],
  });
}

/** The window positions of a convolution's kernel, and the distance between its elements. */
export function convolutionWindow(
  subject: string,
  shape: readonly number[],
  config: { kernelSize: Size; strides: Size; padding: Padding; dilationRate: Size },
): Window & { dilation: [number, number]; size: [number, number] } {
  const window = pair(config.kernelSize);
  const dilation = pair(config.dilationRate);
  const reach = window.map((n, axis) => (n - 1) * dilation[axis]! + 1) as [number, number];
  return { ...slide(subject, shape, window, pair(config.strides), config.padding, reach), dilation };
}

/** The window positions of a pool. Without strides, windows don't overlap. */
export function poolWindow(
  subject: string,
  shape: readonly number[],
  config: { poolSize: Size; strides?: Size | undefined; padding: Padding },
): Window & { size: [number, number] } {
  return slide(subject, shape, pair(config.poolSize), pair(config.strides ?? config.poolSize), config.padding);
}
