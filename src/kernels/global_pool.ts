import averageBackwardSource from '../../shaders/global_average_pool_backward.wgsl?raw';
import averageForwardSource from '../../shaders/global_average_pool_forward.wgsl?raw';
import maxBackwardSource from '../../shaders/global_max_pool_backward.wgsl?raw';
import maxForwardSource from '../../shaders/global_max_pool_forward.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import elementSource from '../../shaders/lib/element.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import through from '../../shaders/lib/through.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { type Activation, activationFlags, elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** x [batch, pixels, channels], y [batch, channels]. */
export interface GlobalPoolShape {
  batch: number;
  /** Height times width. */
  pixels: number;
  channels: number;
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
}

const isVec = (s: GlobalPoolShape) => s.channels % 4 === 0;
const isActivated = (s: GlobalPoolShape) => s.inActivation !== 'linear';
const elementsIn = (s: GlobalPoolShape) => s.batch * s.pixels * s.channels;
const elementsOut = (s: GlobalPoolShape) => s.batch * s.channels;
const loads = (s: GlobalPoolShape, elements: number) => elements / (isVec(s) ? 4 : 1);

/**
 * Number of invocations that share one sum. A GPU splits the few sums; a software adapter has more sums than cores, and each
 * barrier costs it time.
 */
const slicesOf = (_shape: unknown, { software }: Traits): Variant[] => [{ slices: software ? 1 : 16 }];

const forwardFlags = (s: GlobalPoolShape, { slices }: Variant) => ({
  ...elementFlags(isVec(s)),
  slices: slices!,
  sliced: slices !== 1,
});
const backwardFlags = (s: GlobalPoolShape) => ({
  ...elementFlags(isVec(s)),
  activated: isActivated(s),
  ...(isActivated(s) && activationFlags(s.inActivation)),
});
const constants = ({ batch, pixels, channels }: GlobalPoolShape) => ({ batch, pixels, channels });
const indexType = (s: GlobalPoolShape) => ({ index_type: isVec(s) ? 'vec4u' : 'u32' });
const cost = (s: GlobalPoolShape) => ({ flops: elementsIn(s), bytes: 4 * (elementsIn(s) + elementsOut(s)) });
const throughActivation = (s: GlobalPoolShape) => elementSource + (isActivated(s) ? through + derivative : '');

export const globalAveragePoolForward: Kernel<GlobalPoolShape> = {
  name: 'global_average_pool_forward',
  source: averageForwardSource + elementSource,
  variants: slicesOf,
  flags: forwardFlags,
  constants,
  buffers: (s) => ({ x: elementsIn(s), y: elementsOut(s) }),
  workgroups: (s, { slices }) => spread(loads(s, elementsOut(s)) * Number(slices)),
  cost,
};

/** Binds x unless the activation that produced it is linear. */
export const globalAveragePoolBackward: Kernel<GlobalPoolShape> = {
  name: 'global_average_pool_backward',
  source: (s) => averageBackwardSource + throughActivation(s),
  flags: backwardFlags,
  constants,
  buffers: (s) => ({ dy: elementsOut(s), dx: elementsIn(s), ...(isActivated(s) && { x: elementsIn(s) }) }),
  workgroups: (s) => spread(ceilDiv(elementsIn(s), isVec(s) ? 4 : 1)),
  cost,
};

/** `argmax` holds the index of a pixel, one word per element of y. */
export const globalMaxPoolForward: Kernel<GlobalPoolShape> = {
  name: 'global_max_pool_forward',
  source: maxForwardSource + elementSource + nan,
  variants: slicesOf,
  flags: (s, variant) => ({ ...forwardFlags(s, variant), ...indexType(s) }),
  constants,
  buffers: (s) => ({ x: elementsIn(s), y: elementsOut(s), argmax: elementsOut(s) }),
  workgroups: (s, { slices }) => spread(loads(s, elementsOut(s)) * Number(slices)),
  cost,
};

/** Binds x unless the activation that produced it is linear. */
export const globalMaxPoolBackward: Kernel<GlobalPoolShape> = {
  name: 'global_max_pool_backward',
  source: (s) => maxBackwardSource + throughActivation(s),
  flags: (s) => ({ ...backwardFlags(s), ...indexType(s) }),
  constants,
  buffers: (s) => ({
    dy: elementsOut(s),
    argmax: elementsOut(s),
    dx: elementsIn(s),
    ...(isActivated(s) && { x: elementsIn(s) }),
  }),
  workgroups: (s) => spread(ceilDiv(elementsIn(s), isVec(s) ? 4 : 1)),
  cost,
};
