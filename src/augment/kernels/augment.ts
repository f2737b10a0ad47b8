import drawSource from '../../../shaders/augment_draw.wgsl?raw';
import pixelsSource from '../../../shaders/augment_pixels.wgsl?raw';
import gatherRowsSource from '../../../shaders/gather_rows.wgsl?raw';
import type { Kernel } from '../../gpu/kernel.ts';
import { stateSource, stateWords } from '../../kernels/state.ts';
import { ceilDiv, spread } from '../../kernels/workgroups.ts';
import { furtherAugmentation } from '../loaded.ts';
import { isRecorded } from '../op.ts';
import { isWarped, type Pass } from '../passes.ts';
import type { Pipeline } from '../pipeline.ts';
import { literal, pixelText, readText, stepLines } from './augment_text.ts';

/** Shape of the batch, shared by both kernels. */
export interface AugmentShape {
  pipeline: Pipeline;
  passes: readonly Pass[];
  batch: number;
  /** Number of images in the data set or in the call. */
  images: number;
}

export interface AugmentDrawShape extends AugmentShape {
  /** Entries of `order`: more than the number of images if each image is seen several times per epoch. */
  samplesPerEpoch: number;
  /** True for a data set with labels, where `order` selects the image of a slot; otherwise slot n is image n. */
  labelled: boolean;
  /** Bytes per label: 1, or 2 for more than 256 classes. */
  labelBytes?: 1 | 2;
  /** Whether the records are sampled by this kernel, copied from an epoch's list, or already in the buffer. */
  records: 'drawn' | 'listed' | 'given';
  /** Probability that a sample is augmented, 0 to 1. */
  probability: number;
  /** Number of images from which partners are chosen, if images are mixed. */
  partners: number;
  /** The image's position in the window is also written to `sources`, starting at word `placesAt`. */
  window?: WindowShape & { placesAt: number };
}

/** Layout of images in a window of the data set: one position per image, with the partners one chunk later. */
export interface WindowShape {
  /** Number of images that fit in the window. */
  images: number;
  /** Distance between consecutive images, in pixels. */
  stridePixels: number;
  /** Images per chunk. */
  chunk: number;
}

export interface AugmentPixelsShape extends AugmentShape {
  pass: Pass;
  /** Input of the pass: the data set's bytes, its floats, or the output of the previous pass. */
  reads: 'bytes' | 'floats' | 'pass';
  /** Set if the images are read from a window. */
  window?: WindowShape;
}

/** Random-number purpose that decides whether a sample is augmented at all. No op uses it. */
const augmentedPurpose = '0xffffffffu';
/** Random-number purpose that chooses the partner of each image. */
export const partnerPurpose = 0xfffffffe;

export const isMapped = (passes: readonly Pass[]): boolean => passes.some(({ maps }) => maps.length > 0);

/** Number of vec4s per slot for the matrices of the passes. */
export const mapWords = (passes: readonly Pass[]): number =>
  isMapped(passes) ? furtherAugmentation().layMaps(passes).stride : 0;

/** Whether a batch has records: only ops that sample parameters have words in them. */
export const hasRecords = ({ ops }: Pipeline): boolean => ops.some(isRecorded);

export const unique = (texts: readonly string[]): string => [...new Set(texts)].join('');

export const augmentDraw: Kernel<AugmentDrawShape> = {
  name: 'augment_draw',
  source: (s) => {
    // One WGSL fragment of an op may hold its sampling and its matrix functions, so both libraries are needed even if nothing is
    // sampled.
    const random = hasRecords(s.pipeline) ? furtherAugmentation().drawing : '';
    const maps = isMapped(s.passes) ? furtherAugmentation().mapping : '';
    const own = unique(s.pipeline.ops.flatMap(({ drawSources = [] }) => drawSources));
    return drawSource + random + maps + own + stateSource;
  },
  flags: (s) => {
    const recorded = hasRecords(s.pipeline);
    const mapped = isMapped(s.passes);
    return {
      recorded,
      mapped,
      labelled: s.labelled,
      labels_per_word: `${4 / labelBytesOf(s)}u`,
      label_bits: `${8 * labelBytesOf(s)}u`,
      label_mask: `${256 ** labelBytesOf(s) - 1}u`,
      drawn: s.records === 'drawn',
      listed: recorded && s.records === 'listed',
      paired: s.pipeline.paired,
      partnered: isPartnered(s),
      partner_purpose: `${partnerPurpose}u`,
      streamed: s.window !== undefined,
      places_at: `${s.window?.placesAt ?? 0}u`,
      partner_place: `${s.window?.chunk ?? 0}u`,
      words: `${s.pipeline.words}u`,
      augmented: augmentedText(s),
      draw_lines: recorded ? furtherAugmentation().drawLines(s.pipeline.ops) : '',
      map_lines: mapped ? furtherAugmentation().mapLines(s.passes) : '',
    };
  },
  constants: (s) => ({
    batch: s.batch,
    ...(s.labelled && { images: s.images }),
    ...(isPartnered(s) && { partners: s.partners }),
  }),
  buffers: (s) => ({
    state: stateWords,
    order: (s.window ? 2 : 1) * s.samplesPerEpoch,
    sources: s.window ? s.window.placesAt + s.batch : s.batch,
    ...(hasRecords(s.pipeline) && { draws: s.batch * s.pipeline.words }),
    ...(isMapped(s.passes) && { maps: s.batch * mapWords(s.passes) * 4 }),
    ...(hasRecords(s.pipeline) && s.records === 'listed' && { listed: s.samplesPerEpoch * s.pipeline.words }),
    ...(s.labelled && { labels: ceilDiv(s.images * labelBytesOf(s), 4), batch_labels: s.batch }),
  }),
  workgroups: (s) => spread(s.batch),
  cost: (s) => ({ flops: 0, bytes: 4 * s.batch * (s.pipeline.words + mapWords(s.passes) * 4 + 3) }),
};

const labelBytesOf = ({ labelBytes = 1 }: AugmentDrawShape): number => labelBytes;

const isPartnered = ({ pipeline, records }: AugmentDrawShape): boolean => pipeline.paired && records === 'drawn';

/** If each image has several copies per epoch, the first one is left unaugmented. */
function augmentedText({ probability, samplesPerEpoch, images }: AugmentDrawShape): string {
  if (probability === 0) return 'false';
  if (samplesPerEpoch > images) return 'key.copy > 0u';
  return probability < 1 ? `unit(key, ${augmentedPurpose}) < ${literal(probability)}` : 'true';
}

/** Maximum number of workgroups per dimension in WebGPU; a larger batch continues in the next dimension. */
const mostRows = 65535;

const pixelsOf = ({ batch, pass }: AugmentPixelsShape) => batch * pass.to.height * pass.to.width;

export const augmentPixels: Kernel<AugmentPixelsShape> = {
  name: 'augment_pixels',
  variants: (_, { software }) => [{ run: software ? 16 : 2 }, { run: 1 }],
  source: ({ pass }) => {
    const ops = [...pass.pixels.map(({ op }) => op), ...(pass.filter ? [pass.filter.op] : [])];
    return (
      pixelsSource +
      (isWarped(pass) ? furtherAugmentation().warping : '') +
      unique(ops.flatMap(({ pixelSources = [] }) => pixelSources))
    );
  },
  flags: (s, v) => {
    const { pass } = s;
    const { channels } = pass.to;
    const planar = channels > 4;
    const { type, each, store } = pixelText(planar ? 1 : channels);
    const mapped = pass.maps.length > 0;
    const recorded = isReading(pass);
    return {
      image_type: s.reads === 'bytes' ? 'u32' : 'f32',
      bytes: s.reads === 'bytes',
      sourced: s.reads !== 'pass',
      image_pixels: s.window ? `${s.window.stridePixels}u` : 'from_height * from_width',
      mapped,
      displaced: pass.displaced !== undefined,
      recorded,
      statistics: pass.statistics,
      tables: pass.tables,
      compared: pass.beside !== undefined,
      channels: `${channels}u`,
      packed: s.reads === 'bytes' && channels > 1 && !planar,
      planar,
      colored: channels === 3,
      first_channels: each((c) => `v[${c}]`),
      load_pixel: each((c) => `load(at + ${c})`),
      load_beside: each((c) => `beside[at + ${c}]`),
      load_statistic: each((c) => `statistics[at + ${c}][which]`),
      load_levels: each((c, component) => `level(at + ${c}, value${component})`),
      read: readText(pass),
      step_lines: stepLines(pass),
      words: `${s.pipeline.words}u`,
      pixel_type: type,
      store_pixel: store,
      map_words: `${mapWords(s.passes)}u`,
      map_count: mapWords(s.passes),
      rows: `${mostRows}u`,
      run: `${v.run}u`,
      ...(isWarped(pass) && furtherAugmentation().warpFlags(s)),
    };
  },
  constants: (s) => ({
    batch: s.batch,
    from_height: s.pass.from.height,
    from_width: s.pass.from.width,
    height: s.pass.to.height,
    width: s.pass.to.width,
  }),
  buffers: (s) => {
    const { pass, pipeline, reads } = s;
    const { height, width, channels } = pass.from;
    const elements =
      s.window && reads !== 'pass'
        ? s.window.images * s.window.stridePixels * channels
        : (reads === 'pass' ? s.batch : s.images) * height * width * channels;
    return {
      images: reads === 'bytes' ? ceilDiv(elements, 4) : elements,
      y: pixelsOf(s) * pass.to.channels,
      ...(reads !== 'pass' && { sources: s.batch }),
      ...(pass.maps.length > 0 && { maps: s.batch * mapWords(s.passes) * 4 }),
      ...(pass.displaced && { displacements: pixelsOf(s) * 2 }),
      ...(isReading(pass) && { draws: s.batch * pipeline.words }),
      ...(pass.statistics && { statistics: s.batch * pass.from.channels * 4 }),
      ...(pass.tables && { tables: s.batch * pass.from.channels * 64 }),
      ...(pass.beside !== undefined && { beside: pixelsOf(s) * pass.to.channels }),
    };
  },
  workgroups: (s, v) => {
    const { height, width } = s.pass.to;
    return [ceilDiv(height * width, 64 * Number(v.run)), Math.min(s.batch, mostRows), ceilDiv(s.batch, mostRows)];
  },
  cost: (s) => {
    const { pass, reads } = s;
    const { channels } = pass.to;
    const taps = isWarped(pass) ? 8 + (pass.sampling.interpolationOrder === 1 ? 6 * channels : 0) : 0;
    return {
      flops: pixelsOf(s) * (taps + pass.pixels.length * channels),
      bytes: pixelsOf(s) * channels * (4 + (reads === 'bytes' ? 1 : 4) + (pass.beside === undefined ? 0 : 4)),
    };
  },
};

/** Whether a pass reads the sampled parameters of its ops. */
export function isReading(pass: Pass): boolean {
  return pass.filter !== undefined || pass.pixels.some(({ op }) => isRecorded(op));
}

export interface GatherRowsShape {
  /** Slots of the batch, including those of the partners. */
  slots: number;
  /** Number of rows in the table. */
  rows: number;
  /** Number of values per row. */
  width: number;
}

export const gatherRows: Kernel<GatherRowsShape> = {
  name: 'gather_rows',
  source: gatherRowsSource,
  constants: ({ slots, width }) => ({ slots, width }),
  buffers: ({ slots, rows, width }) => ({ x: rows * width, sources: slots, y: slots * width }),
  workgroups: ({ slots, width }) => spread(slots * width),
  cost: ({ slots, width }) => ({ flops: 0, bytes: 8 * slots * width }),
};
