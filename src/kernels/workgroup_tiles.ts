import backwardWSource from '../../shaders/conv2d_tiled_backward_w.wgsl?raw';
import backwardXSource from '../../shaders/conv2d_tiled_backward_x.wgsl?raw';
import forwardSource from '../../shaders/conv2d_tiled_forward.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import channelQuad from '../../shaders/lib/channel_quad.wgsl?raw';
import chunk from '../../shaders/lib/conv2d_chunk.wgsl?raw';
import gradient from '../../shaders/lib/conv2d_gradient.wgsl?raw';
import gradientTap from '../../shaders/lib/conv2d_gradient_tap.wgsl?raw';
import output from '../../shaders/lib/conv2d_output.wgsl?raw';
import pixel from '../../shaders/lib/conv2d_pixel.wgsl?raw';
import rows from '../../shaders/lib/conv2d_rows.wgsl?raw';
import tap from '../../shaders/lib/conv2d_tap.wgsl?raw';
import terms from '../../shaders/lib/conv2d_terms.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import splitSum from '../../shaders/lib/split_sum.wgsl?raw';
import storeDb from '../../shaders/lib/store_db.wgsl?raw';
import storeDx from '../../shaders/lib/store_dx.wgsl?raw';
import tileLoads from '../../shaders/lib/tile_loads.wgsl?raw';
import windowSizes from '../../shaders/lib/window_sizes.wgsl?raw';
import tiles from '../../shaders/lib/workgroup_tiles.wgsl?raw';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import type { Hole } from '../gpu/wgsl.ts';
import { activationFlags } from './activation.ts';
import {
  biasFlags,
  type Conv2dShape,
  cellsOf,
  conv2dBackwardW,
  conv2dBackwardX,
  conv2dForward,
  forwardFlags,
  gradientFlags,
  padded,
  stepsOfKernel,
} from './conv2d.ts';
import { loadType, quadType } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** A product in tiles that the 64 invocations of a workgroup load into workgroup memory together. */
type WorkgroupTile = Variant & {
  workgroupTile: true;
  /** Rows of the result per invocation; 8 times as many per workgroup. */
  rows: 4 | 8;
  /** Quads of columns per invocation; 8 times as many per workgroup. */
  quads: 1 | 2;
  /** Number of terms of the sum in workgroup memory at a time. */
  depth: 16 | 32;
  /** True if one tile is written while another is read, which halves the number of barriers. */
  double: boolean;
};

/** A product whose terms are divided among the invocations of a workgroup. */
type SplitSum = Variant & {
  splitSum: true;
  /** Number of parts that the terms are divided into. */
  slices: 8 | 16;
};

/**
 * Tiles for a result with this many columns. The following estimates are for a multiprocessor with 128 multiply-adds per cycle, 128 bytes
 * per cycle from workgroup memory and 65,536 registers, such as those of an H200.
 *
 * Workgroup memory: for 4 terms, an invocation with r rows and q quads of columns reads r + 4 q vec4 for 16 r q multiply-adds. That is
 * 1 byte per multiply-add for 8 rows and 2 quads, 1.5 for 8 and 1, 2 for 4 and 1. If each invocation fetched them separately, 128
 * multiply-adds per cycle would need 1, 1.5 and 2 times the bandwidth of workgroup memory. But the 32 invocations that run together read
 * only 4 different rows and 8 different quads: at best 0.2, 0.25 and 0.4 bytes per multiply-add. A register tile of 8 pixels by 4 channels
 * reads 12 vec4 for 128 multiply-adds through the L1 cache, and shares nothing.
 *
 * Memory: a workgroup loads 8 r + 32 q numbers per term for 256 r q multiply-adds: 1/8 of a byte per multiply-add for the largest tile,
 * 3/16 and 1/4 for the others. At 30 TFLOP/s that is 1.9, 2.8 and 3.8 TB/s, most of it from the L2 cache.
 *
 * Registers: 16 r q / 4 sums, the next tile in 4 vec4 of each factor, operands and addresses: about 150, 110 and 90, so 6, 9 and 11
 * workgroups per multiprocessor. The compiler of a GPU with fewer may spill.
 *
 * Barriers: the largest tile has two per 1,024 multiply-adds of an invocation. With half as many columns it would be two per 512, so these
 * tiles have memory for two tiles, and one barrier. Two of the largest tiles would take 18,432 bytes, but only 16,384 are guaranteed on
 * every device; with half the depth, there would be as many barriers as without the second tile.
 *
 * Workgroups: a batch of 32 images of the tutorial's second convolution has 50 tiles of 64 by 64, 100 of 64 by 32 and 200 of 32 by 32 for 132
 * multiprocessors, so the smaller ones are faster there; a batch of 1,024 has 1,600 of the largest.
 */
function tilesFor(columns: number): WorkgroupTile[] {
  const tile = (rows: 4 | 8, quads: 1 | 2, depth: 16 | 32, double: boolean): WorkgroupTile => ({
    ...{ workgroupTile: true, rows, quads, depth, double },
  });
  return [...(columns > 32 ? [tile(8, 2, 16, false)] : []), tile(8, 1, 16, true), tile(4, 1, 32, false)];
}

/**
 * For a result with few elements, such as that of a dense layer with 1,600 inputs and 128 outputs for 32 samples. Without a split, 128
 * invocations with 8 by 4 sums each are 2 workgroups, which take 400 steps of sequential loads: at 300 cycles each, 60 us on a GPU that
 * needs 0.2 us for the arithmetic. With 16 slices, 16 workgroups of 256 invocations take 25 such steps, 4 us, and then one pass over 16 KB
 * of workgroup memory. Each reads 205 KB of weights and 51 KB of inputs: 4 MB in all from the L2 cache, 1 us. Tiles in workgroup memory
 * would have 4 workgroups. 8 slices leave enough workgroup memory for a second workgroup if a multiprocessor has only 16 KB.
 */
const slices = [16, 8] as const;

/** Sizes of a matrix product: the numbers of rows and columns of the result, and of terms. */
export interface Product {
  rows: number;
  columns: number;
  terms: number;
}

export const products = {
  forward: (s: Conv2dShape): Product => ({
    rows: cellsOf(s) * (s.pooled ? 4 : 1),
    columns: s.outChannels,
    terms: s.kernelHeight * s.kernelWidth * s.inChannels,
  }),
  backwardX: (s: Conv2dShape): Product => ({
    rows: s.batch * s.inHeight * s.inWidth,
    columns: s.inChannels,
    terms: s.kernelHeight * s.kernelWidth * s.outChannels,
  }),
  backwardW: (s: Conv2dShape): Product => ({
    rows: s.kernelHeight * s.kernelWidth * s.inChannels,
    columns: s.outChannels,
    terms: ceilDiv(s.batch, s.parts) * s.outHeight * s.outWidth,
  }),
};

/** The flags of lib/workgroup_tiles.wgsl. */
function tileFlags({ rows, quads, depth, double }: WorkgroupTile, { parted = false, ragged = true, storesDb = false }) {
  return {
    ...{ rows, quads, depth, double, parted, ragged },
    ...{ buffers: double ? 2 : 1, blocks: parted, stores_db: storesDb },
    a_length: 8 * rows * (depth / 4 + 1),
    b_length: depth * 8 * quads,
    // Of 8 x rows x depth / 4 vec4; a block is 4 of them.
    loads: parted ? 4 : (rows * depth) / 32,
    size: 64,
  };
}

/** Workgroups of lib/workgroup_tiles.wgsl. */
const tilesOf = ({ rows, columns }: Product, v: WorkgroupTile) =>
  ceilDiv(rows, 8 * v.rows) * ceilDiv(columns, 32 * v.quads);

type Methods = Pick<Kernel<Conv2dShape>, 'source' | 'variants' | 'flags' | 'workgroups'>;

/** What a product has in common in all ways to compute it. */
interface Factors {
  /** The file that locates the elements of the factors, and the fragments that it needs. */
  text: [file: string, fragments: string];
  productOf: (s: Conv2dShape) => Product;
  flags: (s: Conv2dShape) => Record<string, Hole>;
}

/** Two ways to compute a product; except for the flags of the tiles, their flags are the same. */
function bothWays({ text, productOf, flags }: Factors): { tiled: Methods; split: Methods } {
  return {
    tiled: {
      source: text[0] + tiles + tileLoads + text[1],
      variants: (s) => tilesFor(productOf(s).columns),
      flags: (s, v) => {
        const ragged = productOf(s).terms % (v as WorkgroupTile).depth > 0;
        return { ...flags(s), ...tileFlags(v as WorkgroupTile, { ragged }) };
      },
      workgroups: (s, v) => spread(tilesOf(productOf(s), v as WorkgroupTile), 1),
    },
    split: {
      source: text[0] + splitSum + text[1],
      variants: () => slices.map((slices): SplitSum => ({ splitSum: true, slices })),
      flags: (s, v) => ({ ...flags(s), slices: v.slices! }),
      workgroups: (s) => {
        const { rows, columns } = productOf(s);
        return spread(ceilDiv(rows, 8) * ceilDiv(columns, 32), 1);
      },
    },
  };
}

/**
 * A 1x1 kernel without strides and border: term i of a pixel is its channel i, and the pixels of all images are one row of the filter
 * gradient's terms.
 */
const isPointwise = (s: Conv2dShape) =>
  [s.kernelHeight, s.kernelWidth, s.strideY, s.strideX].every((n) => n === 1) && !padded(s);

/** Flags for the number of channels that are added up, which are loaded four at a time or one at a time. */
const loadFlags = (channels: number) => {
  const width = channels % 4 === 0 ? 4 : 1;
  return { width, scalar: width === 1, load: loadType(width) };
};

export const forwardFactors: Factors = {
  text: [forwardSource, terms + windowSizes + pixel + tap + channelQuad + output + bias + activate + nan],
  productOf: products.forward,
  flags: (s) => ({
    ...forwardFlags(s),
    ...biasFlags(s),
    ...activationFlags(s.activation),
    ...stepsOfKernel(s),
    ...loadFlags(s.inChannels),
    ...{ x: 'x', pointwise: isPointwise(s), summed: 'in_channels', load_channels: 'load_x' },
  }),
};
const forward = bothWays(forwardFactors);

/**
 * Input channels of no multiple of four, such as the 3 of an RGB image: an invocation loads one number at a time, but determines the kernel
 * element of a term once for all of its rows. At about 6 instructions each, the 16 numbers of a step take 100 instructions, next to 1,024
 * multiply-adds of the largest tile and 512 of the smallest. The default loads 9 times for 32 multiply-adds. A 3x3 kernel has 27 terms, which
 * fill 84 % of 32, and a 7x7 kernel 147, which fill 92 % of 160.
 */
export const conv2dTiledForward: Kernel<Conv2dShape> = {
  ...conv2dForward,
  ...forward.tiled,
  name: 'conv2d_tiled_forward',
};
export const conv2dSplitForward: Kernel<Conv2dShape> = {
  ...conv2dForward,
  ...forward.split,
  name: 'conv2d_split_forward',
};

export const backwardXFactors: Factors = {
  text: [backwardXSource, terms + windowSizes + gradientTap + storeDx + derivative],
  productOf: products.backwardX,
  flags: (s) => ({
    ...stepsOfKernel(s),
    ...loadFlags(s.outChannels),
    ...{ dy: 'dy', dx: 'dx', pointwise: isPointwise(s), summed: 'out_channels', load_channels: 'load_dy' },
    vec_in: s.inChannels % 4 === 0,
    in: quadType(s.inChannels),
    strided: s.strideX > 1 || s.strideY > 1,
    activated: s.inActivation !== 'linear',
    ...activationFlags(s.inActivation),
  }),
};
const backwardX = bothWays(backwardXFactors);

export const conv2dTiledBackwardX: Kernel<Conv2dShape> = {
  ...conv2dBackwardX,
  ...backwardX.tiled,
  name: 'conv2d_tiled_backward_x',
};
export const conv2dSplitBackwardX: Kernel<Conv2dShape> = {
  ...conv2dBackwardX,
  ...backwardX.split,
  name: 'conv2d_split_backward_x',
};

/** True for a filter gradient whose terms are the pixels of all images in one row. A pool makes each of its windows a quad of terms. */
const isOneRow = (s: Conv2dShape) => isPointwise(s) && !s.pooled;

/** The same pixels as one image of one row. */
const inOneRow = (s: Conv2dShape): Conv2dShape => {
  const width = s.batch * s.outHeight * s.outWidth;
  return { ...s, batch: 1, inHeight: 1, inWidth: width, outHeight: 1, outWidth: width };
};

/** The text of a filter gradient in tiles. */
export const gradientText = (s: Conv2dShape, tiles: string): string =>
  backwardWSource +
  tiles +
  tileLoads +
  windowSizes +
  (s.inChannels % 4 === 0 ? chunk : rows) +
  gradient +
  channelQuad +
  storeDb;

/** Its flags, except for those of the tiles. */
export function gradientTileFlags(s: Conv2dShape): Record<string, Hole> {
  const { padded, ...flags } = gradientFlags(s);
  return {
    ...flags,
    ...(s.inChannels % 4 === 0 ? { padded } : stepsOfKernel(s)),
    load: quadType(s.inChannels),
    pointwise: isOneRow(s),
  };
}

export const gradientConstants = (s: Conv2dShape, v: Variant): Record<string, number> =>
  conv2dBackwardW.constants!(isOneRow(s) ? inOneRow(s) : s, v);

/**
 * Its sum is split over workgroups, and added up by sum_parts: the tutorial's second convolution has 29 parts of 5 tiles of 64 by 64, 145
 * workgroups for any batch size, which keep half of the schedulers of 132 multiprocessors busy; with the smallest tile there are 522.
 *
 * A 1x1 kernel: a quad of terms ends at the end of a row of pixels, so rows of 7 pixels are computed as 8 and rows of 13 as 16. With the
 * pixels of all images in one row, these 14 and 23 % are saved, and of the some 60 integer instructions that locate four pixels of x and dy
 * for 1,024 multiply-adds of an invocation, about 10 remain.
 *
 * Input channels of no multiple of four: each number of x is a load of its own, with an address of its own. An invocation loads 16 for
 * 1,024 multiply-adds of the largest tile, with some 100 instructions. The default takes 9 rows by 4 channels, 40 loads for 144
 * multiply-adds. 3 channels and a 3x3 kernel are 27 rows, 84 % of the smallest tile; one channel, 9 rows, would leave most of it without
 * work.
 */
export const conv2dTiledBackwardW: Kernel<Conv2dShape> = {
  ...conv2dBackwardW,
  name: 'conv2d_tiled_backward_w',
  source: (s) => gradientText(s, tiles),
  variants: (s) => tilesFor(s.outChannels),
  flags: (s, v) => ({
    ...gradientTileFlags(s),
    ...tileFlags(v as WorkgroupTile, { parted: true, storesDb: s.useBias }),
  }),
  constants: gradientConstants,
  workgroups: (s, v) => [tilesOf(products.backwardW(s), v as WorkgroupTile), s.parts],
};

/** A result with fewer columns than this, and a filter gradient with fewer rows, leaves most of a tile without work. */
const fewestColumns = 16;

/** With fewer terms than this, much of a tile's depth is empty, and memory limits the kernel rather than arithmetic. */
const fewestTileTerms = 12;

/** With more tiles of 32 by 32 than this, a GPU is busy without a split. */
const mostTiles = 256;

/** Minimum number of terms for which a split is worthwhile: four quads per invocation. */
const fewestTerms = 256;

const isTiled = ({ columns, terms }: Product) => columns >= fewestColumns && terms >= fewestTileTerms;
const isTiledGradient = ({ rows, columns }: Product) => Math.min(rows, columns) >= fewestColumns;
const isSplit = ({ rows, columns, terms }: Product) =>
  terms >= fewestTerms && ceilDiv(rows, 32) * ceilDiv(columns, 32) <= mostTiles;

/** Whether the tuner should try these kernels for a convolution. */
export const fitsTiles = {
  forward: (s: Conv2dShape): boolean => isTiled(products.forward(s)),
  splitForward: (s: Conv2dShape): boolean => isSplit(products.forward(s)),
  backwardX: (s: Conv2dShape): boolean => isTiled(products.backwardX(s)),
  splitBackwardX: (s: Conv2dShape): boolean => isSplit(products.backwardX(s)),
  backwardW: (s: Conv2dShape): boolean => isTiledGradient(products.backwardW(s)),
};
