import tiles from '../../shaders/lib/subgroup_matrix_tiles.wgsl?raw';
import tileLoads from '../../shaders/lib/tile_loads.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { matrixForm } from '../gpu/matrix_form.ts';
import { type Conv2dShape, conv2dBackwardW, conv2dBackwardX, conv2dForward } from './conv2d.ts';
import {
  backwardXFactors,
  forwardFactors,
  gradientConstants,
  gradientText,
  gradientTileFlags,
  type Product,
  products,
} from './workgroup_tiles.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** A product in tiles in workgroup memory that subgroups multiply as matrices of float16, on tensor cores. */
type MatrixTile = Variant & {
  subgroupMatrix: true;
  /** Rows, columns and terms of a matrix. */
  m: number;
  n: number;
  k: number;
  /** Largest subgroup of the device. */
  subgroupSize: number;
  /** Rows and columns of the result per workgroup. */
  rows: number;
  columns: number;
  /** Number of terms of the sum in workgroup memory at a time. */
  depth: 16 | 32;
  /** True for browsers that only know the older form of the built-in functions. */
  olderForm?: boolean;
};

/** Matrices per subgroup whose sums stay in registers; also limits the length of the shader. */
const mostMatrices = 16;

/** Invocations per workgroup that every device allows. */
const mostInvocations = 256;

/** The subgroups that divide a tile: two by two, or two above each other if four of them are too many invocations. */
const unitsOf = ({ subgroupSize }: Pick<MatrixTile, 'subgroupSize'>) =>
  4 * subgroupSize <= mostInvocations ? { down: 2, across: 2 } : { down: 2, across: 1 };

const matricesOf = (v: MatrixTile) => {
  const { down, across } = unitsOf(v);
  return { down: v.rows / down / v.m, across: v.columns / across / v.n };
};

/**
 * Tiles for a result with this many columns; none without tensor cores. The following estimates are for a multiprocessor of an H200, whose
 * four tensor cores do 2,048 multiply-adds of float16 per cycle, 16 times as many as its other units do in float32. It reads 128 bytes per
 * cycle from workgroup memory, and about 22 from the L2 cache (5.5 TB/s, by 132 multiprocessors at 1.9 GHz).
 *
 * Memory: the operands stay float32, so a tile of r rows by c columns loads 4 (r + c) bytes per term for r c multiply-adds: 1/16 of a byte
 * for 128 by 128, 1/8 for 64 by 64, 3/16 for 64 by 32, 1/4 for 32 by 32. At 22 bytes per cycle that allows 352, 176, 117 and 88
 * multiply-adds per cycle: 17, 9, 6 and 4 % of what the tensor cores do, and 2.8, 1.4, 0.9 and 0.7 times what the other units do at best.
 * So loads limit these kernels, and only the largest tile can be much faster than float32. Neighboring workgroups that share rows in the L1
 * cache raise this; operands stored as float16 would double it.
 *
 * Workgroup memory: a subgroup with i by j matrices of 16 by 16 reads 512 (i + j) bytes for 4,096 i j multiply-adds: 1/16 of a byte for 4 by
 * 4, 1/8 for 2 by 2, 1/4 for one, so 2,048 of them per cycle fit 128 bytes for the largest tile. Each number is also written once, as float16,
 * after 2 to 4 instructions for its conversion: for 64 by 64, 4,096 numbers per 131,072 multiply-adds, which is 128 cycles for stores of one
 * number, twice the 64 cycles of the tensor cores, and less than the 740 cycles of its loads.
 *
 * Registers: 8 per matrix of 16 by 16 sums, so 128 for 4 by 4 and 32 for 2 by 2, and the next tile in 8 vec4: about 210 and 110, for 2 and 4
 * workgroups per multiprocessor and more.
 *
 * Workgroups: a batch of 1,024 images of the tutorial's second convolution has 1,600 tiles of 64 by 64; a batch of 32 has 50, or 200 of 32 by
 * 32, for 132 multiprocessors.
 */
function matrixTiles(columns: number, { subgroupMatrix }: Traits): MatrixTile[] {
  if (!subgroupMatrix) return [];
  const tile = (rows: number, across: number, depth: 16 | 32): MatrixTile => ({
    subgroupMatrix: true,
    ...subgroupMatrix,
    ...{ rows, columns: across, depth },
  });
  return [
    ...(columns > 64 ? [tile(128, 128, 16)] : []),
    ...(columns > 32 ? [tile(64, 64, 32)] : []),
    tile(64, 32, 32),
    tile(32, 32, 32),
  ].filter((each) => {
    const { down, across } = matricesOf(each);
    return down * across <= mostMatrices;
  });
}

/**
 * A power of two by which gradients are multiplied before they are rounded to float16, and by whose inverse the sums are multiplied, so that
 * gradients down to 6e-8 keep all digits of a float16, and those down to 6e-11 some. The gradient of a logit is at most 1 over the batch
 * size, and gradients above 64 become infinite: such a step is skipped by the optimizer, and counted.
 */
export const gradientScale = 1024;

/** Half-precision numbers that separate two rows in workgroup memory by an odd number of 16 bytes, in fours. */
const padding = 2;

/** The flags of lib/subgroup_matrix_tiles.wgsl. @param gradient the operand that is a gradient, if one is. */
function matrixFlags(v: MatrixTile, gradient?: 'a' | 'b') {
  const { m, n, k, rows, columns, depth, olderForm } = v;
  const { down, across } = unitsOf(v);
  const units = down * across;
  const size = units * v.subgroupSize;
  const scaled = (operand: 'a' | 'b') => (operand === gradient ? `${gradientScale}.0 * ` : '');
  return {
    ...{ m, n, k, depth, units, size, padding, units_across: across, ...matricesOf(v) },
    ...{ tile_rows: rows, tile_quads: columns / 4 },
    a_length: rows * (depth + 4 * padding),
    b_length: depth * (columns + 4 * padding),
    // The invocations also keep their sums of dy in it.
    sums_length: Math.max((units + 1) * m * n, (depth * columns) / 4),
    loads: (rows * depth) / 4 / size,
    ...{ scale_a: scaled('a'), scale_b: scaled('b'), unscale: gradient ? `1.0 / ${gradientScale}.0 * ` : '' },
    ...matrixForm(olderForm),
  };
}

const tilesOf = (product: Product, { rows, columns }: MatrixTile) =>
  ceilDiv(product.rows, rows) * ceilDiv(product.columns, columns);

/** The shader begins with the directives that enable tensor cores. */
const directives = `\${directives}\n`;

/** A product that is not split over workgroups. @param gradient the first factor, if that is a gradient. */
const whole = (
  name: string,
  kernel: Kernel<Conv2dShape>,
  { text, productOf, flags }: typeof forwardFactors,
  gradient?: 'a',
): Kernel<Conv2dShape> => ({
  ...kernel,
  name,
  source: directives + text[0] + tiles + tileLoads + text[1],
  variants: (s, traits) => matrixTiles(productOf(s).columns, traits),
  flags: (s, v) => ({
    ...flags(s),
    ...matrixFlags(v as MatrixTile, gradient),
    ...{ parted: false, blocks: false, stores_db: false, ragged: productOf(s).terms % (v as MatrixTile).depth > 0 },
  }),
  workgroups: (s, v) => spread(tilesOf(productOf(s), v as MatrixTile), 1),
});

/** The kernels on tensor cores, for any shape that src/kernels/workgroup_tiles.ts fits. */
export const matrixKernels: Record<'forward' | 'backwardX' | 'backwardW', Kernel<Conv2dShape>> | undefined = {
  forward: whole('conv2d_matrix_forward', conv2dForward, forwardFactors),
  backwardX: whole('conv2d_matrix_backward_x', conv2dBackwardX, backwardXFactors, 'a'),
  backwardW: {
    ...conv2dBackwardW,
    name: 'conv2d_matrix_backward_w',
    source: (s) => directives + gradientText(s, tiles),
    variants: (s, traits) => matrixTiles(s.outChannels, traits),
    flags: (s, v) => ({
      ...gradientTileFlags(s),
      ...matrixFlags(v as MatrixTile, 'b'),
      // An invocation loads blocks of 4 vec4.
      ...{ parted: true, blocks: true, stores_db: s.useBias, ragged: true, loads: 4 },
    }),
    constants: gradientConstants,
    workgroups: (s, v) => [tilesOf(products.backwardW(s), v as MatrixTile), s.parts],
  },
};
