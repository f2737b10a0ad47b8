import backwardSource from '../../shaders/activation_backward.wgsl?raw';
import forwardSource from '../../shaders/activation_forward.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import activateUnfused from '../../shaders/lib/activate_unfused.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import type { Hole } from '../gpu/wgsl.ts';
import { type AnyActivation, activationFlags, elementFlags, isFused, type UnfusedActivation } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** The flags of shaders/lib/activate_unfused.wgsl. */
const unfusedFlags = (name: UnfusedActivation): Record<string, Hole> => ({
  gelu: name === 'gelu',
  silu: name === 'silu',
  hard_swish: name === 'hardSwish',
});

export interface ActivationShape {
  /** Number of elements in the whole batch. */
  elements: number;
  activation: AnyActivation;
}

const flags = ({ elements, activation }: ActivationShape) => ({
  ...elementFlags(elements % 4 === 0),
  ...(isFused(activation) ? activationFlags(activation) : unfusedFlags(activation)),
});

export const activationForward: Kernel<ActivationShape> = {
  name: 'activation_forward',
  source: ({ activation }) => forwardSource + (isFused(activation) ? activate : activateUnfused) + nan,
  flags,
  constants: ({ elements }) => ({ elements }),
  buffers: ({ elements }) => ({ x: elements, y: elements }),
  workgroups: ({ elements }) => spread(ceilDiv(elements, 4)),
  cost: ({ elements }) => ({ flops: elements, bytes: 8 * elements }),
};

/** Reads y for a fused activation, x for any other. */
export const activationBackward: Kernel<ActivationShape> = {
  name: 'activation_backward',
  source: ({ activation }) => backwardSource + (isFused(activation) ? derivative : activateUnfused + nan),
  flags: (s) => ({ ...flags(s), fused: isFused(s.activation) }),
  constants: ({ elements }) => ({ elements }),
  buffers: ({ elements, activation }) => ({
    ...(isFused(activation) ? { y: elements } : { x: elements }),
    dy: elements,
    dx: elements,
  }),
  workgroups: ({ elements }) => spread(ceilDiv(elements, 4)),
  cost: ({ elements }) => ({ flops: 2 * elements, bytes: 12 * elements }),
};
