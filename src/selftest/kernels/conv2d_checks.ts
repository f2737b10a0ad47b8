import type { Kernel } from '../../gpu/kernel.ts';
import type { Activation } from '../../kernels/activation.ts';
import {
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  conv2dForwardNarrow,
} from '../../kernels/conv2d.ts';
import { conv2dGroupedBackwardW, conv2dGroupedBackwardX, conv2dGroupedForward } from '../../kernels/conv2d_grouped.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/conv2d.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { floats, type KernelCheck, packed, type Verify, within } from './check_kernel.ts';

const rowsOf = (s: Conv2dShape) => (s.kernelHeight * s.kernelWidth * s.inChannels) / (s.groups ?? 1);
export const cellsOf = (s: Conv2dShape): number =>
  s.batch * (s.pooled ? Math.floor(s.outHeight / 2) * Math.floor(s.outWidth / 2) : s.outHeight * s.outWidth);

/** The narrow form keeps all rows of w in registers: at most 9. */
export const fitsForwardNarrow = (s: Conv2dShape): boolean => rowsOf(s) <= 9;
export const fitsBackwardW = (s: Conv2dShape): boolean => s.inChannels % 4 === 0;

export const isSmooth = (activation: Activation) => activation !== 'linear' && activation !== 'relu';

export function checkForward(
  shape: Conv2dShape,
  kernel: Kernel<Conv2dShape> = conv2dForward,
): KernelCheck<Conv2dShape> {
  return {
    kernel,
    shape,
    twin: (inputs) => {
      const { x, w, b } = inputs as Record<string, Float32Array>;
      const terms = rowsOf(shape) + 1;
      const { y, argmax } = reference.conv2dForward(shape, { x: x!, w: w!, b });
      const size = magnitude(reference.conv2dForward, shape, { x: x!, w: w!, b }).y;
      const tolerance = isSmooth(shape.activation) ? tolerances.activated : tolerances.conv2d_forward;
      const verify = { y: within(y, boundOf(tolerance, y, { terms, magnitude: size })) };
      return argmax ? { ...verify, argmax: isWinner(shape, argmax, { x: x!, w: w!, b }) } : verify;
    },
  };
}

/** The place that the twin says, or one whose sum is as large up to what rounding can do to both. */
function isWinner(
  s: Conv2dShape,
  argmax: Uint8Array,
  inputs: { x: Float32Array; w: Float32Array; b: Float32Array | undefined },
): Verify {
  const whole: Conv2dShape = { ...s, pooled: false, activation: 'linear' };
  const z = reference.conv2dForward(whole, inputs).y;
  const size = magnitude(reference.conv2dForward, whole, inputs).y;
  const bounds = boundOf(tolerances.conv2d_forward, z, { terms: rowsOf(s) + 1, magnitude: size });
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

/** Places in 2x2 windows, any. */
const somePlaces = (count: number) => Uint8Array.from(numbers(count, 77), (u) => Math.floor(2 * (u + 1)));

export function checkBackwardW(
  shape: Conv2dShape,
  kernel: Kernel<Conv2dShape> = conv2dBackwardW,
): KernelCheck<Conv2dShape> {
  const argmax = shape.pooled ? somePlaces(cellsOf(shape) * shape.outChannels) : undefined;
  return {
    kernel,
    shape,
    given: argmax && { argmax: packed(argmax) },
    twin: (inputs) => {
      const { x, dy } = inputs as Record<string, Float32Array>;
      const places = argmax && new Uint8Array(inputs.argmax!.buffer, 0, argmax.length);
      const given = { x: x!, dy: dy!, argmax: places };
      const exact = reference.conv2dBackwardW(shape, given);
      const size = magnitude(reference.conv2dBackwardW, shape, given);
      const terms = shape.batch * shape.outHeight * shape.outWidth;
      const bound = (name: 'dw' | 'db') =>
        boundOf(tolerances.conv2d_backward_w, exact[name], { terms, magnitude: size[name] });
      return {
        dw: partsAddUpTo(exact.dw, bound('dw')),
        ...(shape.useBias && { db: partsAddUpTo(exact.db, bound('db')) }),
      };
    },
  };
}

/** How the sum is shared out is the shader's own affair; that its parts add up, and none is left out, is not. */
export const partsAddUpTo =
  (expected: Float64Array, bound: Float64Array): Verify =>
  (name, bits) => {
    const parts = floats(bits);
    const sum = new Float64Array(expected.length);
    for (const [i, value] of parts.entries()) sum[i % sum.length]! += value;
    expectWithin(name, sum, expected, bound);
  };

export const checkBackwardWNarrow = (shape: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkBackwardW(shape, conv2dBackwardWNarrow);

export function checkBackwardX(
  shape: Conv2dShape,
  kernel: Kernel<Conv2dShape> = conv2dBackwardX,
): KernelCheck<Conv2dShape> {
  const elements = shape.batch * shape.inHeight * shape.inWidth * shape.inChannels;
  // What made x was an activation: values that it can't give would have derivatives that it can't have.
  const x = Float32Array.from(numbers(elements, 99), (z) => activate(shape.inActivation, 2 * z));
  return {
    kernel,
    shape,
    given: shape.inActivation === 'linear' ? {} : { x },
    twin: (inputs) => {
      const { w, dy, x } = inputs as Record<string, Float32Array>;
      const given = { w: w!, dy: dy!, x };
      const { dx } = reference.conv2dBackwardX(shape, given);
      const size = magnitude(reference.conv2dBackwardX, shape, given).dx;
      // No derivative is above 1; it takes three more operations.
      const terms = (shape.kernelHeight * shape.kernelWidth * shape.outChannels) / (shape.groups ?? 1) + 3;
      return { dx: within(dx, boundOf(tolerances.conv2d_backward_x, dx, { terms, magnitude: size })) };
    },
  };
}

export const checkGroupedForward = (s: Conv2dShape): KernelCheck<Conv2dShape> => checkForward(s, conv2dGroupedForward);
export const checkGroupedBackwardX = (s: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkBackwardX(s, conv2dGroupedBackwardX);
export const checkGroupedBackwardW = (s: Conv2dShape): KernelCheck<Conv2dShape> =>
  checkBackwardW(s, conv2dGroupedBackwardW);
