import backwardSource from '../../shaders/average_pool_backward.wgsl?raw';
import forwardSource from '../../shaders/average_pool_forward.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import elementSource from '../../shaders/lib/element.wgsl?raw';
import poolSizes from '../../shaders/lib/pool_sizes.wgsl?raw';
import through from '../../shaders/lib/through.wgsl?raw';
import windows from '../../shaders/lib/windows.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type Activation, activationFlags, elementFlags } from './activation.ts';
import { type MaxPoolShape, poolConstants } from './max_pool.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Windows as in max pooling, of any size. */
export interface AveragePoolShape extends MaxPoolShape {
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
}

const elementsIn = (s: AveragePoolShape) => s.batch * s.inHeight * s.inWidth * s.channels;
const elementsOut = (s: AveragePoolShape) => s.batch * s.outHeight * s.outWidth * s.channels;
const isVec = (s: AveragePoolShape) => s.channels % 4 === 0;
const isActivated = (s: AveragePoolShape) => s.inActivation !== 'linear';
const groupsOf = (s: AveragePoolShape, elements: number) => spread(ceilDiv(elements, isVec(s) ? 4 : 1));
const cost = (s: AveragePoolShape) => ({
  flops: elementsOut(s) * s.poolHeight * s.poolWidth,
  bytes: 4 * (elementsIn(s) + elementsOut(s)),
});

export const averagePoolForward: Kernel<AveragePoolShape> = {
  name: 'average_pool_forward',
  source: forwardSource + poolSizes + windows + elementSource,
  flags: (s) => elementFlags(isVec(s)),
  constants: poolConstants,
  buffers: (s) => ({ x: elementsIn(s), y: elementsOut(s) }),
  workgroups: (s) => groupsOf(s, elementsOut(s)),
  cost,
};

/** Binds x unless the activation that produced it is linear. */
export const averagePoolBackward: Kernel<AveragePoolShape> = {
  name: 'average_pool_backward',
  source: (s) => backwardSource + poolSizes + windows + elementSource + (isActivated(s) ? through + derivative : ''),
  flags: (s) => ({
    ...elementFlags(isVec(s)),
    activated: isActivated(s),
    ...(isActivated(s) && activationFlags(s.inActivation)),
  }),
  constants: poolConstants,
  buffers: (s) => ({
    dy: elementsOut(s),
    dx: elementsIn(s),
    ...(isActivated(s) && { x: elementsIn(s) }),
  }),
  workgroups: (s) => groupsOf(s, elementsIn(s)),
  cost,
};
