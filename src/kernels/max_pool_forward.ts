import nan from '../../shaders/lib/nan.wgsl?raw';
import poolSizes from '../../shaders/lib/pool_sizes.wgsl?raw';
import source from '../../shaders/max_pool_forward.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { elementsIn, elementsOut, type MaxPoolShape, poolConstants, poolCost } from './max_pool.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** A pool that is not fused into a convolution. */
export const maxPoolForward: Kernel<MaxPoolShape> = {
  name: 'max_pool_forward',
  source: source + poolSizes + nan,
  flags: (s) => ({ vec: s.channels % 4 === 0 }),
  constants: poolConstants,
  buffers: (s) => ({ x: elementsIn(s), y: elementsOut(s), argmax: ceilDiv(elementsOut(s), 4) }),
  workgroups: (s) => spread(ceilDiv(elementsOut(s), 4)),
  cost: poolCost,
};
