import dropoutSource from '../../shaders/dropout.wgsl?raw';
import noiseSource from '../../shaders/gaussian_noise.wgsl?raw';
import mask from '../../shaders/lib/dropout_mask.wgsl?raw';
import draws from '../../shaders/lib/layer_draws.wgsl?raw';
import normal from '../../shaders/lib/normal.wgsl?raw';
import random from '../../shaders/lib/random.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { elementFlags } from './activation.ts';
import { stateSource, stateWords } from './state.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** A layer that generates random numbers for each element of each sample. */
export interface RandomLayerShape {
  batch: number;
  /** Elements per sample. */
  elements: number;
  /** Key of the layer's random numbers, different for each layer of a model: 0 to 2^32 - 1. */
  layer: number;
}

export interface DropoutShape extends RandomLayerShape {
  /** Fraction of elements to drop: 0 <= rate < 1. */
  rate: number;
  /** For Keras' SpatialDropout2D, which drops whole channels of a sample: the number of channels (the innermost axis). */
  spatialChannels?: number | undefined;
}

export interface GaussianNoiseShape extends RandomLayerShape {
  standardDeviation: number;
}

/**
 * Second word of the key of all random numbers for layers. In augmentation keys that word is 0 or the code of an op, and codes
 * are small, so layers and ops never share random numbers.
 */
export const layersKey = 0x80000000;

const isVec = ({ elements, spatialChannels = 4 }: RandomLayerShape & { spatialChannels?: number | undefined }) =>
  elements % 4 === 0 && spatialChannels % 4 === 0;
const drawFlags = { layers_key: `${layersKey}u` };
const groupsOf = (s: RandomLayerShape) => spread(s.batch * ceilDiv(s.elements, 4));
const sizes = ({ batch, elements, layer }: RandomLayerShape) => ({ batch, elements, layer });

/** Philox: ten rounds of two 32 x 32 bit products for four elements. */
const cost = (s: RandomLayerShape) => ({ flops: 50 * s.batch * s.elements, bytes: 8 * s.batch * s.elements });

const dropout = (name: string): Kernel<DropoutShape> => ({
  name,
  source: dropoutSource + mask + draws + random + stateSource,
  flags: (s) => ({ ...elementFlags(isVec(s)), ...drawFlags, spatial: s.spatialChannels !== undefined }),
  constants: (s) => ({
    ...sizes(s),
    dropped_below: Math.min(2 ** 32 - 1, Math.round(s.rate * 2 ** 32)),
    scale: 1 / (1 - s.rate),
    ...(s.spatialChannels !== undefined && { channels: s.spatialChannels }),
  }),
  buffers: (s) => ({ x: s.batch * s.elements, state: stateWords, y: s.batch * s.elements }),
  workgroups: groupsOf,
  cost,
});

export const dropoutForward = dropout('dropout_forward');

/** The same multiplication by the mask, with dy bound to x and dx to y. */
export const dropoutBackward = dropout('dropout_backward');

/** Its gradient is dy, unchanged. */
export const gaussianNoise: Kernel<GaussianNoiseShape> = {
  name: 'gaussian_noise',
  source: noiseSource + draws + normal + random + stateSource,
  flags: (s) => ({ ...elementFlags(isVec(s)), ...drawFlags }),
  constants: (s) => ({ ...sizes(s), standard_deviation: s.standardDeviation }),
  buffers: (s) => ({ x: s.batch * s.elements, state: stateWords, y: s.batch * s.elements }),
  workgroups: groupsOf,
  cost,
};
