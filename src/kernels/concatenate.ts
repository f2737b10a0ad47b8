import backwardSource from '../../shaders/concatenate_backward.wgsl?raw';
import forwardSource from '../../shaders/concatenate_forward.wgsl?raw';
import elementSource from '../../shaders/lib/element.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { product } from '../product.ts';
import { elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** One input of a concatenation. A run is the contiguous block from the axis inwards. */
export interface ConcatenateShape {
  /** Number of runs in the batch; the same in x and y. */
  runs: number;
  /** Length of a run of x, in elements. */
  run: number;
  /** Length of a run of y, in elements. */
  total: number;
  /** Offset of x's run within a run of y. */
  offset: number;
}

/**
 * The shape of each input's copy, in order.
 *
 * @param shapes shapes of the inputs without the batch dimension; equal in all axes but `axis`.
 * @param axis counted with the batch as axis 0, as in Keras: 1 to the number of axes of a sample.
 */
export function concatenateShapes(
  batch: number,
  shapes: readonly (readonly number[])[],
  axis: number,
): ConcatenateShape[] {
  const lengths = shapes.map((shape) => product(shape.slice(axis - 1)));
  const total = lengths.reduce((a, b) => a + b, 0);
  const runs = batch * product(shapes[0]!.slice(0, axis - 1));
  let offset = 0;
  return lengths.map((run) => {
    const part = { runs, run, total, offset };
    offset += run;
    return part;
  });
}

const isVec = ({ run, total, offset }: ConcatenateShape) => [run, total, offset].every((length) => length % 4 === 0);
const flags = (s: ConcatenateShape) => elementFlags(isVec(s));
const constants = ({ runs, run, total, offset }: ConcatenateShape) => ({ runs, run, total, offset });
const workgroups = (s: ConcatenateShape) => spread(ceilDiv(s.runs * s.run, isVec(s) ? 4 : 1));
const cost = (s: ConcatenateShape) => ({ flops: 0, bytes: 8 * s.runs * s.run });

/** Copies one input to its position in y. A concatenation runs it once per input. */
export const concatenateForward: Kernel<ConcatenateShape> = {
  name: 'concatenate_forward',
  source: forwardSource + elementSource,
  flags,
  constants,
  buffers: (s) => ({ x: s.runs * s.run, y: s.runs * s.total }),
  workgroups,
  cost,
};

/** Copies the gradient of one input out of dy. */
export const concatenateBackward: Kernel<ConcatenateShape> = {
  name: 'concatenate_backward',
  source: backwardSource + elementSource,
  flags,
  constants,
  buffers: (s) => ({ dy: s.runs * s.total, dx: s.runs * s.run }),
  workgroups,
  cost,
};
