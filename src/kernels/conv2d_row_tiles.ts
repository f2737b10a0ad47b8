import source from '../../shaders/conv2d_row_tiles.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import bias from '../../shaders/lib/bias.wgsl?raw';
import channelQuad from '../../shaders/lib/channel_quad.wgsl?raw';
import output from '../../shaders/lib/conv2d_output.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import storeDx from '../../shaders/lib/store_dx.wgsl?raw';
import windowSizes from '../../shaders/lib/window_sizes.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import type { Hole } from '../gpu/wgsl.ts';
import { activationFlags } from './activation.ts';
import { biasFlags, type Conv2dShape, conv2dBackwardX, conv2dForward, sizes } from './conv2d.ts';
import { gradientOf } from './conv2d_winograd.ts';
import { loadType } from './tile.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Two rows of pixels that are multiplied by a row of the kernel. */
type RowTile = Variant & {
  rowTile: true;
  /** Pixels of a row per invocation. */
  columns: number;
  /** Quads of output channels per invocation. */
  across: number;
};

/** Two rows of this length and two quads of channels are 208 sums, 6.5 KB of the first cache for the eight invocations of a vector. */
const mostColumns = 13;

/** Pixels of y along each side of a pooled cell. */
const unitOf = ({ pooled }: Conv2dShape) => (pooled ? 2 : 1);

/** The row or column of y in pooled cells, if a pool follows. */
const cellsAlong = (s: Conv2dShape, pixels: number) => Math.floor(pixels / unitOf(s));

/**
 * Only for llvmpipe, where a load of a vec4 takes about 90 cycles for the eight invocations of a vector, and a multiply-add 1.3. Two rows of
 * 10 pixels by 8 channels, as in the tutorial's second convolution, take 24 loads of pixels and 24 of the kernel for 1,920 multiply-adds:
 * 3.6 cycles per multiply-add, where 8 pixels by 16 channels (24 for 512) take 5.5. A single quad of channels takes 36 for 960, or 4.7.
 */
const variants =
  (convolutionOf: (s: Conv2dShape) => Conv2dShape) =>
  (shape: Conv2dShape, { gathers }: Traits): RowTile[] => {
    if (!gathers) return [];
    const s = convolutionOf(shape);
    const unit = unitOf(s);
    const cells = cellsAlong(s, s.outWidth);
    const columns = unit * ceilDiv(cells, ceilDiv(cells, cellsAlong(s, mostColumns)));
    return [{ rowTile: true, columns, across: s.outChannels % 8 ? 1 : 2 }];
  };

const tilesARow = (s: Conv2dShape, { columns }: RowTile) => ceilDiv(cellsAlong(s, s.outWidth) * unitOf(s), columns);

function flagsOf(s: Conv2dShape, v: RowTile, backward: boolean): Record<string, Hole> {
  const { columns, across } = v;
  // Loads of two channels compile in half the time of four, but those of the gradient's kernel are along its input channels.
  const width = backward ? 4 : 2;
  const unit = unitOf(s);
  return {
    ...{ columns, across, backward, width, unit, load: loadType(width), out: 'vec4f' },
    ...{ tiles: tilesARow(s, v), loads: columns + 2, cells_a_row: columns / unit },
    ...{ pooled: s.pooled, x: backward ? 'dy' : 'x' },
  };
}

const workgroupsOf = (s: Conv2dShape, v: RowTile) => {
  const tileRows = ceilDiv(cellsAlong(s, s.outHeight) * unitOf(s), 2);
  return spread(s.batch * tileRows * tilesARow(s, v) * (s.outChannels / (4 * v.across)), 8);
};

/** Requires a kernel of 3 columns with strides and dilation of 1, and multiples of four channels. */
export const conv2dRowsForward: Kernel<Conv2dShape> = {
  ...conv2dForward,
  name: 'conv2d_rows_forward',
  source: source + windowSizes + channelQuad + output + bias + activate + nan,
  variants: variants((s) => s),
  flags: (s, v) => ({
    ...flagsOf(s, v as RowTile, false),
    ...{ activated: false, loaded: 'w', stored: 'y', vec_out: true },
    ...biasFlags(s),
    ...activationFlags(s.activation),
  }),
  constants: sizes,
  workgroups: (s, v) => workgroupsOf(s, v as RowTile),
};

/** Requires the same, and padding of at most 2. */
export const conv2dRowsBackwardX: Kernel<Conv2dShape> = {
  ...conv2dBackwardX,
  name: 'conv2d_rows_backward_x',
  source: source + windowSizes + storeDx + derivative,
  variants: variants(gradientOf),
  flags: (s, v) => ({
    ...flagsOf(gradientOf(s), v as RowTile, true),
    ...{ use_bias: false, dx: 'dx', vec_in: true, activated: s.inActivation !== 'linear' },
    ...activationFlags(s.inActivation),
  }),
  constants: (s) => sizes(gradientOf(s)),
  workgroups: (s, v) => workgroupsOf(gradientOf(s), v as RowTile),
};
