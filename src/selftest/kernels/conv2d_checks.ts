import type { Kernel } from '../../gpu/kernel.ts';
import {
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  conv2dForwardNarrow,
} from '../../kernels/conv2d.ts';
import { conv2dGroupedBackwardW, conv2dGroupedBackwardX, conv2dGroupedForward } from '../../kernels/conv2d_grouped.ts';
import * as reference from '../../reference/conv2d.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { numbers } from '../numbers.ts';
import { boundOf, type Tolerance, tolerances } from '../tolerance.ts';
import type { KernelCheck, Verify } from './check_kernel.ts';
import { backwardWCheck, backwardXCheck, type ForwardInputs, forwardCheck } from './convolution_checks.ts';

const rowsOf = (s: Conv2dShape) => (s.kernelHeight * s.kernelWidth * s.inChannels) / (s.groups ?? 1);
export const cellsOf = (s: Conv2dShape): number =>
  s.batch * (s.pooled ? Math.floor(s.outHeight / 2) * Math.floor(s.outWidth / 2) : s.outHeight * s.outWidth);

/** The narrow form keeps all rows of w in registers, at most 9. */
export const fitsForwardNarrow = (s: Conv2dShape): boolean => rowsOf(s) <= 9;
export const fitsBackwardW = (s: Conv2dShape): boolean => s.inChannels % 4 === 0;

export const checkForward = (
  shape: Conv2dShape,
  kernel: Kernel<Conv2dShape> = conv2dForward,
  tolerance: Tolerance = tolerances.conv2d_forward,
): KernelCheck<Conv2dShape> =>
  forwardCheck(
    { kernel, shape, pass: reference.conv2dForward, terms: rowsOf(shape) + 1, tolerance },
    ({ argmax }, inputs): Record<string, Verify> => {
      const sizeOf = (whole: Conv2dShape) => magnitude(reference.conv2dForward, whole, inputs).y;
      return argmax ? { argmax: isWinner(shape, argmax, inputs, rowsOf(shape) + 1, sizeOf, tolerance) } : {};
    },
  );

/** Checks an argmax: it must be the twin's, or an element whose sum is equally large within the rounding error of both. */
export function isWinner(
  s: Conv2dShape,
  argmax: Uint8Array,
  inputs: ForwardInputs,
  terms: number,
  sizeOf: (whole: Conv2dShape) => Float64Array,
  tolerance: Tolerance = tolerances.conv2d_forward,
): Verify {
  const whole: Conv2dShape = { ...s, pooled: false, activation: 'linear' };
  const z = reference.conv2dForward(whole, inputs).y;
  const bounds = boundOf(tolerance, z, { terms, magnitude: sizeOf(whole) });
  const [height, width] = [Math.floor(s.outHeight / 2), Math.floor(s.outWidth / 2)];
  return (name, bits) => {
    const places = new Uint8Array(bits.buffer, 0, argmax.length);
    for (const [i, place] of places.entries()) {
      const [c, cell] = [i % s.outChannels, Math.floor(i / s.outChannels)];
      const [n, row, column] = [Math.floor(cell / width / height), Math.floor(cell / width) % height, cell % width];
      const at = (p: number) =>
        ((n * s.outHeight + 2 * row + (p >> 1)) * s.outWidth + 2 * column + (p & 1)) * s.outChannels + c;
      const [best, chosen] = [at(argmax[i]!), at(place)];
      if (place === argmax[i]) continue;
      if (!(place < 4 && z[best]! - z[chosen]! <= bounds[best]! + bounds[chosen]!)) {
        throw new Error(
          `${name}: place ${place} is the argmax of element ${i} with ${z[chosen]}, ${argmax[i]} has ${z[best]}`,
        );
      }
    }
  };
}

export const checkForwardNarrow = (shape: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkForward(shape, conv2dForwardNarrow);

/** Arbitrary argmax values of 2x2 windows. */
export const somePlaces = (count: number): Uint8Array =>
  Uint8Array.from(numbers(count, 77), (u) => Math.floor(2 * (u + 1)));

export const checkBackwardW = (
  shape: Conv2dShape,
  kernel: Kernel<Conv2dShape> = conv2dBackwardW,
  tolerance: Tolerance = tolerances.conv2d_backward_w,
): KernelCheck<Conv2dShape> =>
  backwardWCheck(
    {
      kernel,
      shape,
      pass: reference.conv2dBackwardW,
      terms: shape.batch * shape.outHeight * shape.outWidth,
      tolerance,
    },
    shape.pooled ? somePlaces(cellsOf(shape) * shape.outChannels) : undefined,
  );

export const checkBackwardWNarrow = (shape: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkBackwardW(shape, conv2dBackwardWNarrow);

export const checkBackwardX = (
  shape: Conv2dShape,
  kernel: Kernel<Conv2dShape> = conv2dBackwardX,
  tolerance: Tolerance = tolerances.conv2d_backward_x,
): KernelCheck<Conv2dShape> => {
  const terms = (shape.kernelHeight * shape.kernelWidth * shape.outChannels) / (shape.groups ?? 1);
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.inChannels;
  return backwardXCheck({ kernel, shape, pass: reference.conv2dBackwardX, terms, tolerance }, elements);
};

export const checkGroupedForward = (s: Conv2dShape): KernelCheck<Conv2dShape> => checkForward(s, conv2dGroupedForward);
export const checkGroupedBackwardX = (s: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkBackwardX(s, conv2dGroupedBackwardX);
export const checkGroupedBackwardW = (s: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkBackwardW(s, conv2dGroupedBackwardW);
