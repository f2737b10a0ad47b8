import type { Kernel } from '../../gpu/kernel.ts';
import type { Activation } from '../../kernels/activation.ts';
import { activate } from '../../reference/activation.ts';
import { magnitude } from '../../reference/magnitude.ts';
import { expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { boundOf, type Tolerance, tolerances } from '../tolerance.ts';
import { floats, type KernelCheck, packed, type Verify, within } from './check_kernel.ts';

// Checks of the convolution passes against their twins, for plain, grouped, depthwise and transposed convolutions. They differ in
// the number of products per sum, which is `terms`.

/** The fields of a convolution's shape that the checks need. */
interface Convolution {
  useBias: boolean;
  activation: Activation;
  inActivation: Activation;
}

type Pass<S, Inputs, Outputs> = (shape: S, inputs: Inputs) => Outputs;
/** A kernel, its shape, the twin of the pass, and the number of products in its longest sum. */
interface PassCheck<S, Inputs, Outputs> {
  kernel: Kernel<S>;
  shape: S;
  pass: Pass<S, Inputs, Outputs>;
  terms: number;
  /** sum|terms| of every result; by default those of a kernel that adds the products of the formula. */
  sizeOf?: Pass<S, Inputs, Omit<Outputs, 'argmax'>>;
  /** The row of the table; by default that of a kernel that multiplies in float32. */
  tolerance?: Tolerance;
}

export interface ForwardInputs {
  x: Float32Array;
  w: Float32Array;
  b: Float32Array | undefined;
}

const isSmooth = (activation: Activation) => activation !== 'linear' && activation !== 'relu';

/** Checks y. @param more checks of the kernel's other outputs. */
export function forwardCheck<S extends Convolution, O extends { y: Float64Array }>(
  { kernel, shape, pass, terms, sizeOf, tolerance: given }: PassCheck<S, ForwardInputs, O>,
  more: (outputs: O, inputs: ForwardInputs) => Record<string, Verify> = () => ({}),
): KernelCheck<S> {
  return {
    kernel,
    shape,
    twin: (inputs) => {
      const { x, w, b } = inputs as Record<string, Float32Array>;
      const inputsOfPass = { x: x!, w: w!, b };
      const outputs = pass(shape, inputsOfPass);
      const size = sizeOf ? sizeOf(shape, inputsOfPass).y : magnitude(pass, shape, inputsOfPass).y;
      const sum = given ?? (sizeOf ? tolerances.conv2d_winograd : tolerances.conv2d_forward);
      const { factors = 0, term = 0 } = sum as Tolerance;
      const tolerance = isSmooth(shape.activation) ? { ...tolerances.activated, factors, term } : sum;
      const { y } = outputs;
      return { y: within(y, boundOf(tolerance, y, { terms, magnitude: size })), ...more(outputs, inputsOfPass) };
    },
  };
}

/** Checks dx. @param elements of x. */
export function backwardXCheck<S extends Convolution>(
  {
    kernel,
    shape,
    pass,
    terms,
    sizeOf = (...given) => magnitude(pass, ...given),
    tolerance = tolerances.conv2d_backward_x,
  }: PassCheck<S, { w: Float32Array; dy: Float32Array; x: Float32Array | undefined }, { dx: Float64Array }>,
  elements: number,
): KernelCheck<S> {
  // x is the output of an activation: values outside of its range would have impossible derivatives.
  const x = Float32Array.from(numbers(elements, 99), (z) => activate(shape.inActivation, 2 * z));
  return {
    kernel,
    shape,
    given: shape.inActivation === 'linear' ? {} : { x },
    twin: (inputs) => {
      const { w, dy, x } = inputs as Record<string, Float32Array>;
      const given = { w: w!, dy: dy!, x };
      const { dx } = pass(shape, given);
      const size = sizeOf(shape, given).dx;
      // No derivative exceeds 1; it takes three more operations.
      const bound = boundOf(tolerance, dx, { terms: terms + 3, magnitude: size });
      return { dx: within(dx, bound) };
    },
  };
}

/** Checks dw and db. @param argmax of the pool, if one is fused. */
export function backwardWCheck<S extends Convolution>(
  {
    kernel,
    shape,
    pass,
    terms,
    sizeOf = (...given) => magnitude(pass, ...given),
    tolerance = tolerances.conv2d_backward_w,
  }: PassCheck<
    S,
    { x: Float32Array; dy: Float32Array; argmax: Uint8Array | undefined },
    { dw: Float64Array; db: Float64Array }
  >,
  argmax?: Uint8Array,
): KernelCheck<S> {
  return {
    kernel,
    shape,
    given: argmax && { argmax: packed(argmax) },
    twin: (inputs) => {
      const { x, dy } = inputs as Record<string, Float32Array>;
      const given = { x: x!, dy: dy!, argmax: argmax && new Uint8Array(inputs.argmax!.buffer, 0, argmax.length) };
      const exact = pass(shape, given);
      const size = sizeOf(shape, given);
      const bound = (name: 'dw' | 'db', row: Tolerance) => boundOf(row, exact[name], { terms, magnitude: size[name] });
      return {
        dw: partsAddUpTo(exact.dw, bound('dw', tolerance)),
        // Always added up in float32.
        ...(shape.useBias && { db: partsAddUpTo(exact.db, bound('db', tolerances.conv2d_backward_w)) }),
      };
    },
  };
}

/** A shader may divide the sum in any way, but its parts must add up and be complete. */
const partsAddUpTo =
  (expected: Float64Array, bound: Float64Array): Verify =>
  (name, bits) => {
    const parts = floats(bits);
    const sum = new Float64Array(expected.length);
    for (const [i, value] of parts.entries()) sum[i % sum.length]! += value;
    expectWithin(name, sum, expected, bound);
  };
