import { type BorderShape, cropping2d, zeroPadding2d } from '../../kernels/border.ts';
import { type ConcatenateShape, concatenateBackward, concatenateForward } from '../../kernels/concatenate.ts';
import { type UpSampling2dShape, upSampling2dBackward, upSampling2dForward } from '../../kernels/up_sampling.ts';
import * as borders from '../../reference/border.ts';
import * as concatenations from '../../reference/concatenate.ts';
import { magnitude } from '../../reference/magnitude.ts';
import * as upSamplings from '../../reference/up_sampling.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, sameFloats, within } from './check_kernel.ts';

/** The rest of y is written by the dispatches of the other inputs and must not change. */
export function checkConcatenateForward(shape: ConcatenateShape): KernelCheck<ConcatenateShape> {
  const y = Float32Array.from(numbers(shape.runs * shape.total, 44));
  return {
    kernel: concatenateForward,
    shape,
    given: { y },
    // Elements that x replaces have no effect; if x is all of y, none has.
    twin: (given) => ({
      y: sameFloats(concatenations.concatenateForward(shape, { x: given.x!, y }).y),
    }),
  };
}

export function checkConcatenateBackward(shape: ConcatenateShape): KernelCheck<ConcatenateShape> {
  return {
    kernel: concatenateBackward,
    shape,
    twin: ({ dy }) => ({ dx: sameFloats(concatenations.concatenateBackward(shape, { dy: dy! }).dx) }),
  };
}

export const checkZeroPadding2d = (shape: BorderShape): KernelCheck<BorderShape> => ({
  kernel: zeroPadding2d,
  shape,
  twin: ({ x }) => ({ y: sameFloats(borders.zeroPadding2d(shape, { x: x! }).y) }),
});

export const checkCropping2d = (shape: BorderShape): KernelCheck<BorderShape> => ({
  kernel: cropping2d,
  shape,
  twin: ({ x }) => ({ y: sameFloats(borders.cropping2d(shape, { x: x! }).y) }),
});

const terms = (s: UpSampling2dShape) => 4 * s.sizeY * s.sizeX + 8;

export const checkUpSampling2dForward = (shape: UpSampling2dShape): KernelCheck<UpSampling2dShape> => ({
  kernel: upSampling2dForward,
  shape,
  twin: ({ x }) => {
    const { y } = upSamplings.upSampling2dForward(shape, { x: x! });
    if (shape.interpolation === 'nearest') return { y: sameFloats(y) };
    const size = magnitude(upSamplings.upSampling2dForward, shape, { x: x! }).y;
    return { y: within(y, boundOf(tolerances.up_sampling2d, y, { terms: 8, magnitude: size })) };
  },
});

export const checkUpSampling2dBackward = (shape: UpSampling2dShape): KernelCheck<UpSampling2dShape> => ({
  kernel: upSampling2dBackward,
  shape,
  twin: ({ dy }) => {
    const { dx } = upSamplings.upSampling2dBackward(shape, { dy: dy! });
    const size = magnitude(upSamplings.upSampling2dBackward, shape, { dy: dy! }).dx;
    return { dx: within(dx, boundOf(tolerances.up_sampling2d, dx, { terms: terms(shape), magnitude: size })) };
  },
});
