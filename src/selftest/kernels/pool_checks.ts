import { type AveragePoolShape, averagePoolBackward, averagePoolForward } from '../../kernels/average_pool.ts';
import {
  type GlobalPoolShape,
  globalAveragePoolBackward,
  globalAveragePoolForward,
  globalMaxPoolBackward,
  globalMaxPoolForward,
} from '../../kernels/global_pool.ts';
import { activate } from '../../reference/activation.ts';
import * as averages from '../../reference/average_pool.ts';
import * as globals from '../../reference/global_pool.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, same, sameFloats, within } from './check_kernel.ts';

/** Outputs of an activation, because other values have impossible slopes. Many are equal, so that most windows have ties. */
const madeBy = (activation: AveragePoolShape['inActivation'], elements: number) =>
  Float32Array.from(numbers(elements, 99), (z) => activate(activation, Math.round(4 * z) / 2));

export function checkAveragePoolForward(shape: AveragePoolShape): KernelCheck<AveragePoolShape> {
  return {
    kernel: averagePoolForward,
    shape,
    twin: ({ x }) => {
      const { y } = averages.averagePoolForward(shape, { x: x! });
      const size = magnitude(averages.averagePoolForward, shape, { x: x! }).y;
      const terms = shape.poolHeight * shape.poolWidth + 3;
      return { y: within(y, boundOf(tolerances.average_pool, y, { terms, magnitude: size })) };
    },
  };
}

export function checkAveragePoolBackward(shape: AveragePoolShape): KernelCheck<AveragePoolShape> {
  const x = madeBy(shape.inActivation, shape.batch * shape.inHeight * shape.inWidth * shape.channels);
  return {
    kernel: averagePoolBackward,
    shape,
    given: shape.inActivation === 'linear' ? {} : { x },
    twin: (given) => {
      const inputs = { dy: given.dy!, x: given.x };
      const { dx } = averages.averagePoolBackward(shape, inputs);
      const size = magnitude(averages.averagePoolBackward, shape, inputs).dx;
      const terms = shape.poolHeight * shape.poolWidth + 6;
      return { dx: within(dx, boundOf(tolerances.average_pool, dx, { terms, magnitude: size })) };
    },
  };
}

export function checkGlobalAveragePoolForward(shape: GlobalPoolShape): KernelCheck<GlobalPoolShape> {
  return {
    kernel: globalAveragePoolForward,
    shape,
    twin: ({ x }) => {
      const { y } = globals.globalAveragePoolForward(shape, { x: x! });
      const size = magnitude(globals.globalAveragePoolForward, shape, { x: x! }).y;
      return { y: within(y, boundOf(tolerances.average_pool, y, { terms: shape.pixels + 3, magnitude: size })) };
    },
  };
}

export function checkGlobalAveragePoolBackward(shape: GlobalPoolShape): KernelCheck<GlobalPoolShape> {
  const x = madeBy(shape.inActivation, shape.batch * shape.pixels * shape.channels);
  return {
    kernel: globalAveragePoolBackward,
    shape,
    given: shape.inActivation === 'linear' ? {} : { x },
    twin: (given) => {
      const inputs = { dy: given.dy!, x: given.x };
      const { dx } = globals.globalAveragePoolBackward(shape, inputs);
      const size = magnitude(globals.globalAveragePoolBackward, shape, inputs).dx;
      return { dx: within(dx, boundOf(tolerances.average_pool, dx, { terms: 8, magnitude: size })) };
    },
  };
}

/** Copies exactly, with the index of each maximum: the first one if several are equal. */
export function checkGlobalMaxPoolForward(shape: GlobalPoolShape): KernelCheck<GlobalPoolShape> {
  return {
    kernel: globalMaxPoolForward,
    shape,
    given: { x: madeBy('linear', shape.batch * shape.pixels * shape.channels) },
    twin: ({ x }) => {
      const { y, argmax } = globals.globalMaxPoolForward(shape, { x: x! });
      return { y: sameFloats(y), argmax: same(argmax) };
    },
  };
}

export function checkGlobalMaxPoolBackward(shape: GlobalPoolShape): KernelCheck<GlobalPoolShape> {
  const x = madeBy(shape.inActivation, shape.batch * shape.pixels * shape.channels);
  const { argmax } = globals.globalMaxPoolForward(shape, { x });
  return {
    kernel: globalMaxPoolBackward,
    shape,
    given: { argmax, ...(shape.inActivation !== 'linear' && { x }) },
    twin: (given) => {
      const inputs = { dy: given.dy!, x: given.x };
      const indices = given.argmax as Uint32Array;
      const { dx } = globals.globalMaxPoolBackward(shape, { ...inputs, argmax: indices });
      const linear = { ...shape, inActivation: 'linear' as const };
      const size = globals.globalMaxPoolBackward(linear, { dy: given.dy!, argmax: indices }).dx.map(Math.abs);
      return { dx: within(dx, boundOf(tolerances.average_pool, dx, { terms: 8, magnitude: size })) };
    },
  };
}
