import source from '../../../shaders/augment/rescale.wgsl?raw';
import type { Op } from '../op.ts';

/** y = factor x: converts bytes to the network's input scale. */
export function rescaleOp(factor: number): Op {
  return {
    type: 'rescale',
    code: 1,
    p: 1,
    fields: [],
    steps: [{ kind: 'pixel', call: 'rescale', args: [factor], always: true }],
    pixelSources: [source],
  };
}
