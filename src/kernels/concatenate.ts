import backwardSource from '../../shaders/concatenate_backward.wgsl?raw';
import forwardSource from '../../shaders/concatenate_forward.wgsl?raw';
import elementSource from '../../shaders/lib/element.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { product } from '../product.ts';
import { elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** One input's part of a concatenation. A run is what lies side by side from the axis inwards. */
export interface ConcatenateShape {
  /** Runs of the batch, as many in x as in y. */
  runs: number;
  /** Elements of a run of x. */
  run: number;
  /** Elements of a run of y. */
  total: number;
  /** Where in a run of y that of x begins. */
  offset: number;
}

/**
 * The part of each input, in order.
 *
 * @param shapes of a sample: all axes but `axis` are equal.
 * @param axis counted with the batch as 0, as Keras does: 1 to the number of axes of a sample.
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

/** Copies one input to its place in y; a concatenation is one of these for each input. */
export const concatenateForward: Kernel<ConcatenateShape> = {
  name: 'concatenate_forward',
  source: forwardSource + elementSource,
  flags,
  constants,
  buffers: (s) => ({ x: s.runs * s.run, y: s.runs * s.total }),
  workgroups,
  cost,
};

/** Cuts one input's part out of dy. */
export const concatenateBackward: Kernel<ConcatenateShape> = {
  name: 'concatenate_backward',
  source: backwardSource + elementSource,
  flags,
  constants,
  buffers: (s) => ({ dy: s.runs * s.total, dx: s.runs * s.run }),
  workgroups,
  cost,
};
