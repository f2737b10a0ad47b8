import croppingSource from '../../shaders/cropping2d.wgsl?raw';
import elementSource from '../../shaders/lib/element.wgsl?raw';
import paddingSource from '../../shaders/zero_padding2d.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** An image with a border, which zeroPadding2d adds and cropping2d removes. */
export interface BorderShape {
  batch: number;
  /** Size without the border. */
  height: number;
  width: number;
  channels: number;
  top: number;
  bottom: number;
  left: number;
  right: number;
}

const isVec = (s: BorderShape) => s.channels % 4 === 0;
const inside = (s: BorderShape) => s.batch * s.height * s.width * s.channels;
const withBorder = (s: BorderShape) =>
  s.batch * (s.top + s.height + s.bottom) * (s.left + s.width + s.right) * s.channels;
const flags = (s: BorderShape) => elementFlags(isVec(s));
const constants = ({ batch, height, width, channels, top, bottom, left, right }: BorderShape) => ({
  batch,
  height,
  width,
  channels,
  top,
  bottom,
  left,
  right,
});
const groupsOf = (s: BorderShape, elements: number) => spread(ceilDiv(elements, isVec(s) ? 4 : 1));
const cost = (s: BorderShape) => ({ flops: 0, bytes: 4 * (inside(s) + withBorder(s)) });

/** Adds the border. Also computes the gradient of cropping2d, with dy bound to x and dx to y. */
export const zeroPadding2d: Kernel<BorderShape> = {
  name: 'zero_padding2d',
  source: paddingSource + elementSource,
  flags,
  constants,
  buffers: (s) => ({ x: inside(s), y: withBorder(s) }),
  workgroups: (s) => groupsOf(s, withBorder(s)),
  cost,
};

/** Removes the border. Also computes the gradient of zeroPadding2d, with dy bound to x and dx to y. */
export const cropping2d: Kernel<BorderShape> = {
  name: 'cropping2d',
  source: croppingSource + elementSource,
  flags,
  constants,
  buffers: (s) => ({ x: withBorder(s), y: inside(s) }),
  workgroups: (s) => groupsOf(s, inside(s)),
  cost,
};
