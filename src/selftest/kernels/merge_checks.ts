import { type MergeBackwardShape, type MergeShape, mergeBackward, mergeForward } from '../../kernels/merge.ts';
import { type SumGradientsShape, sumGradients } from '../../kernels/sum_gradients.ts';
import { activate } from '../../reference/activation.ts';
import * as reference from '../../reference/merge.ts';
import * as sums from '../../reference/sum_gradients.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import type { Contents } from './guarded_launch.ts';

/** The shapes of y and of the inputs: [height, width, channels]. */
export interface MergeCase {
  operation: MergeShape['operation'];
  batch: number;
  size: [number, number, number];
  /** For each input, the axes along which it is broadcast. */
  broadcast: [boolean, boolean, boolean][];
  activation?: MergeShape['activation'];
}

const volume = (size: [number, number, number]) => ({ height: size[0], width: size[1], channels: size[2] });

export function mergeShape({ operation, batch, size, broadcast, activation = 'linear' }: MergeCase): MergeShape {
  const inputs = broadcast.map((axes) => volume(size.map((n, i) => (axes[i] ? 1 : n)) as typeof size));
  return { operation, batch, ...volume(size), inputs, activation };
}

const absolute = (values: ArrayLike<number>) => Float64Array.from(values, Math.abs);
/** A linear merge of absolute values in float64, which is at least as large as any of its terms. */
const magnitudeOf = (s: MergeShape, inputs: ArrayLike<number>[]) => {
  const operation = s.operation === 'average' ? 'add' : s.operation;
  return reference.mergeForward({ ...s, operation, activation: 'linear' }, { inputs: inputs.map(absolute) }).y;
};
const inputsOf = (s: MergeShape, given: Record<string, Contents>) =>
  s.inputs.map((input, i) => given[`x${i}`] ?? new Float32Array(s.batch * input.height * input.width * input.channels));

/** Numbers with many equal values, so that the maximum is often not unique. */
const withTies = (count: number, seed: number) => Float32Array.from(numbers(count, seed), (u) => Math.round(2 * u) / 2);

const tiedInputs = (s: MergeShape) =>
  Object.fromEntries(
    s.inputs.map(({ height, width, channels }, i) => [`x${i}`, withTies(s.batch * height * width * channels, 60 + i)]),
  );

export function checkMergeForward(shape: MergeShape): KernelCheck<MergeShape> {
  return {
    kernel: mergeForward,
    shape,
    twin: (given) => {
      const inputs = inputsOf(shape, given);
      const { y } = reference.mergeForward(shape, { inputs });
      const tolerance = shape.activation === 'tanh' ? tolerances.activated : tolerances.merge_forward;
      const terms = shape.inputs.length + 2;
      return { y: within(y, boundOf(tolerance, y, { terms, magnitude: magnitudeOf(shape, inputs) })) };
    },
  };
}

export function checkMergeBackward(shape: MergeBackwardShape): KernelCheck<MergeBackwardShape> {
  return {
    kernel: mergeBackward,
    shape,
    given: shape.operation === 'maximum' ? tiedInputs(shape) : {},
    twin: (given) => {
      const inputs = inputsOf(shape, given);
      const { dx } = reference.mergeBackward(shape, { dy: given.dy!, inputs });
      const size = shape.operation === 'maximum' ? { ...shape, operation: 'add' as const } : shape;
      const magnitude = reference.mergeBackward(size, { dy: absolute(given.dy!), inputs: inputs.map(absolute) }).dx;
      const terms = Math.max(1, (shape.batch * shape.height * shape.width * shape.channels) / dx.length) + 2;
      return { dx: within(dx, boundOf(tolerances.merge_backward, dx, { terms, magnitude })) };
    },
  };
}

export function checkSumGradients(shape: SumGradientsShape): KernelCheck<SumGradientsShape> {
  // Values outside of the activation's range would have impossible slopes.
  const v = Float32Array.from(numbers(shape.elements, 71), (z) => activate(shape.activation, 2 * z));
  const isActivated = shape.activation !== 'linear' && shape.pending.includes(true);
  return {
    kernel: sumGradients,
    shape,
    given: isActivated ? { v } : {},
    twin: (given) => {
      const gradients = shape.pending.map((_, i) => given[`g${i}`]!);
      const { dy } = sums.sumGradients(shape, { gradients, v: given.v });
      const linear = { ...shape, activation: 'linear' as const };
      const magnitude = sums.sumGradients(linear, { gradients: gradients.map(absolute) }).dy.map((sum) => 2 * sum);
      const terms = shape.pending.length + 2;
      return { dy: within(dy, boundOf(tolerances.sum_gradients, dy, { terms, magnitude })) };
    },
  };
}
