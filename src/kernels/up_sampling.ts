import elementSource from '../../shaders/lib/element.wgsl?raw';
import upsampling from '../../shaders/lib/upsampling.wgsl?raw';
import backwardSource from '../../shaders/up_sampling2d_backward.wgsl?raw';
import forwardSource from '../../shaders/up_sampling2d_forward.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Keras' UpSampling2D: each pixel becomes sizeY by sizeX pixels. */
export interface UpSampling2dShape {
  batch: number;
  /** Height of x. Width and channels also refer to x. */
  height: number;
  width: number;
  channels: number;
  sizeY: number;
  sizeX: number;
  /** Bilinear with half-pixel centers, as in Keras 3 and PyTorch. TensorFlow.js' layer aligns the top-left corners instead. */
  interpolation: 'nearest' | 'bilinear';
}

const isVec = (s: UpSampling2dShape) => s.channels % 4 === 0;
const elementsIn = (s: UpSampling2dShape) => s.batch * s.height * s.width * s.channels;
const elementsOut = (s: UpSampling2dShape) => elementsIn(s) * s.sizeY * s.sizeX;
const isBilinear = (s: UpSampling2dShape) => s.interpolation === 'bilinear';
const flags = (s: UpSampling2dShape) => ({ ...elementFlags(isVec(s)), bilinear: isBilinear(s) });
const sourceOf = (source: string) => (s: UpSampling2dShape) =>
  source + elementSource + (isBilinear(s) ? upsampling : '');
const constants = (s: UpSampling2dShape) => ({
  batch: s.batch,
  height: s.height,
  width: s.width,
  channels: s.channels,
  size_y: s.sizeY,
  size_x: s.sizeX,
});
const groupsOf = (s: UpSampling2dShape, elements: number) => spread(ceilDiv(elements, isVec(s) ? 4 : 1));
const cost = (s: UpSampling2dShape) => ({
  flops: isBilinear(s) ? 8 * elementsOut(s) : 0,
  bytes: 4 * (elementsIn(s) + elementsOut(s)),
});

export const upSampling2dForward: Kernel<UpSampling2dShape> = {
  name: 'up_sampling2d_forward',
  source: sourceOf(forwardSource),
  flags,
  constants,
  buffers: (s) => ({ x: elementsIn(s), y: elementsOut(s) }),
  workgroups: (s) => groupsOf(s, elementsOut(s)),
  cost,
};

export const upSampling2dBackward: Kernel<UpSampling2dShape> = {
  name: 'up_sampling2d_backward',
  source: sourceOf(backwardSource),
  flags,
  constants,
  buffers: (s) => ({ dy: elementsOut(s), dx: elementsIn(s) }),
  workgroups: (s) => groupsOf(s, elementsIn(s)),
  cost,
};
