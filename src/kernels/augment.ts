import drawSource from '../../shaders/augment_draw.wgsl?raw';
import warpSource from '../../shaders/augment_warp.wgsl?raw';
import randomSource from '../../shaders/lib/random.wgsl?raw';
import type { Augmentation } from '../augment/config.ts';
import { isIdentity } from '../augment/config.ts';
import { centre } from '../augment/matrix.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { stateSource, stateWords } from './state.ts';
import { ceilDiv, spread } from './workgroups.ts';

export interface AugmentShape {
  batch: number;
  height: number;
  width: number;
  channels: number;
  /** Images in the data set that is sampled from. */
  samples: number;
  augmentation: Augmentation;
}

export interface AugmentDrawShape extends AugmentShape {
  /** From a data set with labels, whose image is the sample's; without, slot n is image n. */
  labelled: boolean;
  /** The drawn parameters are wanted beside the matrices. */
  parameters: boolean;
}

export interface AugmentWarpShape extends AugmentShape {
  /** The images are bytes, else floats. */
  bytes: boolean;
  /** The matrices come from elsewhere: warp even where the augmentation draws nothing. */
  always?: boolean;
}

/** Words of one warp: six of the matrix, the image's index, one to spare. */
export const warpWords = 8;

const pixels = (s: AugmentShape) => s.batch * s.height * s.width;

export const augmentDraw: Kernel<AugmentDrawShape> = {
  name: 'augment_draw',
  source: drawSource + randomSource + stateSource,
  flags: (s) => ({
    labelled: s.labelled,
    parameters: s.parameters,
    identity: isIdentity(s.augmentation) && !s.parameters,
    keras: s.augmentation.compat === 'keras',
  }),
  constants: ({ augmentation: a, ...s }) => ({
    batch: s.batch,
    height: s.height,
    width: s.width,
    centre_x: centre(s.height, s.width, a.compat).x,
    centre_y: centre(s.height, s.width, a.compat).y,
    rotation: a.rotationRange,
    shift_down: a.heightShift,
    shift_right: a.widthShift,
    shear_range: a.shearRange,
    zoom_low: a.zoomRange[0],
    zoom_high: a.zoomRange[1],
    horizontal_flip: a.horizontalFlip ? 0.5 : 0,
    vertical_flip: a.verticalFlip ? 0.5 : 0,
  }),
  buffers: (s) => ({
    state: stateWords,
    order: s.samples,
    warps: s.batch * warpWords,
    ...(s.labelled && { labels: ceilDiv(s.samples, 4), batch_labels: s.batch }),
    ...(s.parameters && { parameters: s.batch * warpWords }),
  }),
  workgroups: (s) => spread(s.batch),
  cost: (s) => ({ flops: 0, bytes: 4 * s.batch * (warpWords + 3) }),
};

export const augmentWarp: Kernel<AugmentWarpShape> = {
  name: 'augment_warp',
  source: warpSource,
  flags: ({ augmentation: a, ...s }) => ({
    bytes: s.bytes,
    identity: isIdentity(a) && !s.always,
    interpolate: a.interpolationOrder === 1,
    constant: a.fillMode === 'constant',
    reflect: a.fillMode === 'reflect',
    wrap: a.fillMode === 'wrap',
  }),
  constants: ({ augmentation: a, ...s }) => ({
    batch: s.batch,
    height: s.height,
    width: s.width,
    channels: s.channels,
    rescale: a.rescale,
    cval: a.cval,
  }),
  buffers: (s) => {
    const elements = s.samples * s.height * s.width * s.channels;
    return { warps: s.batch * warpWords, images: s.bytes ? ceilDiv(elements, 4) : elements, y: pixels(s) * s.channels };
  },
  workgroups: (s) => spread(pixels(s)),
  cost: (s) => ({
    flops: isIdentity(s.augmentation) ? 0 : pixels(s) * (8 + 6 * s.channels),
    bytes: pixels(s) * s.channels * (4 + (s.bytes ? 1 : 4)),
  }),
};
