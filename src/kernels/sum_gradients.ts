import derivative from '../../shaders/lib/derivative.wgsl?raw';
import source from '../../shaders/sum_gradients.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type Activation, activationFlags, elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Gradients g0 to g3, computed by the layers that read one value. */
export interface SumGradientsShape {
  /** Elements in the whole batch. */
  elements: number;
  /** For each of the one to four gradients: true if it must still be multiplied by the activation's derivative. */
  pending: readonly boolean[];
  /** The activation that produced the value v. */
  activation: Activation;
}

/** Maximum number of gradients that one dispatch adds. */
export const gradientsMost = 4;

const isActivated = ({ pending, activation }: SumGradientsShape) => activation !== 'linear' && pending.includes(true);

/**
 * dy of the layer that produced v; the formula is in the shader. `v` is bound if a gradient must still be multiplied by the
 * derivative of an activation that isn't linear.
 */
export const sumGradients: Kernel<SumGradientsShape> = {
  name: 'sum_gradients',
  source: source + derivative,
  flags: (s) => {
    const loads = s.pending.map((_, i) => `vec4f(g${i}[i])`);
    const where = (pending: boolean) => loads.filter((_, i) => s.pending[i] === pending);
    return {
      ...elementFlags(s.elements % 4 === 0),
      ...activationFlags(s.activation),
      activated: isActivated(s),
      has_g1: s.pending.length > 1,
      has_g2: s.pending.length > 2,
      has_g3: s.pending.length > 3,
      pending: where(true).join(' + '),
      finished: where(false)
        .map((load) => ` + ${load}`)
        .join(''),
      all: loads.join(' + '),
    };
  },
  constants: ({ elements }) => ({ elements }),
  buffers: (s) => ({
    ...Object.fromEntries(s.pending.map((_, i) => [`g${i}`, s.elements])),
    ...(isActivated(s) && { v: s.elements }),
    dy: s.elements,
  }),
  workgroups: ({ elements }) => spread(ceilDiv(elements, 4)),
  cost: (s) => ({
    flops: s.elements * (s.pending.length + 1),
    bytes: 4 * s.elements * (s.pending.length + 1 + Number(isActivated(s))),
  }),
};
