import mixSource from '../../../shaders/augment_mix.wgsl?raw';
import statisticsSource from '../../../shaders/augment_statistics.wgsl?raw';
import tablesSource from '../../../shaders/augment_tables.wgsl?raw';
import drawsSource from '../../../shaders/lib/draws.wgsl?raw';
import mapsSource from '../../../shaders/lib/maps.wgsl?raw';
import randomSource from '../../../shaders/lib/random.wgsl?raw';
import warpSource from '../../../shaders/lib/read_warp.wgsl?raw';
import type { Kernel } from '../../gpu/kernel.ts';
import { spread } from '../../kernels/workgroups.ts';
import { pairSteps } from '../op.ts';
import type { Pipeline } from '../pipeline.ts';
import { legsOf } from '../plan_passes.ts';
import { type AugmentPixelsShape, unique } from './augment.ts';
import { isProjective, layMaps, locateLines, mixLines } from './augment_draw_text.ts';
import { isFilled, literal } from './augment_text.ts';

/** The parts of augment.ts' kernels that are only needed to sample, warp or mix images. */

/** WGSL for random numbers and distributions. */
export const drawing = randomSource + drawsSource;
/** WGSL that builds transformation matrices. */
export const mapping = mapsSource;
/** WGSL that samples images through transformation matrices. */
export const warping = warpSource;

export function warpFlags({ pass, passes }: AugmentPixelsShape) {
  const { at } = layMaps(passes);
  const { fillMode, cval, interpolationOrder } = pass.sampling;
  const legs = legsOf(pass);
  return {
    locate_lines: locateLines(pass, at[passes.indexOf(pass)]!),
    multiplied: legs.some(({ window }) => !window),
    projective: isProjective(pass),
    windowed: legs.some(({ window }) => window),
    interpolate: interpolationOrder === 1,
    reflect: fillMode === 'reflect',
    mirror: fillMode === 'mirror',
    wrap: fillMode === 'wrap',
    filled: isFilled(pass),
    soft: fillMode === 'gridConstant' && interpolationOrder === 1,
    probe: fillMode === 'gridConstant' ? 'floor(at + 0.5)' : 'at',
    cval: literal(cval),
  };
}

export interface ImageStatisticsShape {
  batch: number;
  height: number;
  width: number;
  channels: number;
  /** WGSL condition for the images that need the statistics, and the number of words per record; all images by default. */
  needed?: { text: string; words: number };
}

const neededFlags = ({ needed }: ImageStatisticsShape) => ({
  chosen: needed !== undefined,
  words: `${needed?.words ?? 0}u`,
  needed: needed?.text ?? 'true',
});
const neededBuffers = ({ needed, batch }: ImageStatisticsShape) => needed && { draws: batch * needed.words };

const elementsOf = (s: ImageStatisticsShape) => s.batch * s.height * s.width * s.channels;

export const augmentStatistics: Kernel<ImageStatisticsShape> = {
  name: 'augment_statistics',
  source: statisticsSource,
  flags: neededFlags,
  constants: ({ height, width, channels }) => ({ height, width, channels }),
  buffers: (s) => ({ images: elementsOf(s), statistics: s.batch * s.channels * 4, ...neededBuffers(s) }),
  workgroups: (s) => [s.channels, s.batch],
  cost: (s) => ({ flops: 6 * elementsOf(s), bytes: 4 * elementsOf(s) }),
};

export const augmentTables: Kernel<ImageStatisticsShape> = {
  name: 'augment_tables',
  source: tablesSource,
  flags: neededFlags,
  constants: ({ height, width, channels }) => ({ height, width, channels }),
  buffers: (s) => ({ images: elementsOf(s), tables: s.batch * s.channels * 64, ...neededBuffers(s) }),
  workgroups: (s) => [s.channels, s.batch],
  cost: (s) => ({ flops: elementsOf(s), bytes: 4 * elementsOf(s) }),
};

export interface AugmentMixShape {
  pipeline: Pipeline;
  /** Number of output images; in the input, as many partners follow them. */
  batch: number;
  /**
   * Number of classes, if there are labels: the output is one row of soft labels per image. With `numeric`, the number of values
   * per target.
   */
  classes?: number;
  /** The input has numeric targets instead of labels. */
  numeric?: boolean;
  /** The input has sample weights. */
  weighted?: boolean;
}

export const augmentMix: Kernel<AugmentMixShape> = {
  name: 'augment_mix',
  source: ({ pipeline }) =>
    mixSource + unique(pairSteps(pipeline.ops).flatMap(({ op: { pixelSources = [] } }) => pixelSources)),
  flags: ({ pipeline, classes, numeric = false, weighted = false }) => {
    const { pixels, shares } = mixLines(pipeline.ops);
    const labelled = classes !== undefined;
    return { words: `${pipeline.words}u`, labelled, numeric, weighted, mix_lines: pixels, share_lines: shares };
  },
  constants: ({ pipeline: { to }, batch, classes }) => ({ batch, ...to, ...(classes && { classes }) }),
  buffers: ({ pipeline: { to, words }, batch, classes, numeric, weighted }) => ({
    images: 2 * elementsOf({ batch, ...to }),
    draws: 2 * batch * words,
    y: elementsOf({ batch, ...to }),
    ...(classes && !numeric && { labels: 2 * batch }),
    ...(classes && numeric && { pairs: 2 * batch * classes }),
    ...(classes && { targets: batch * classes }),
    ...(weighted && { pair_weights: 2 * batch, weights: batch }),
  }),
  workgroups: ({ pipeline: { to }, batch }) => spread(batch * to.height * to.width),
  cost: ({ pipeline: { to }, batch }) => ({
    flops: 3 * elementsOf({ batch, ...to }),
    bytes: 12 * elementsOf({ batch, ...to }),
  }),
};
