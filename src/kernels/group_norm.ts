import backwardSumsSource from '../../shaders/group_norm_backward_sums.wgsl?raw';
import backwardXSource from '../../shaders/group_norm_backward_x.wgsl?raw';
import forwardSource from '../../shaders/group_norm_forward.wgsl?raw';
import activate from '../../shaders/lib/activate.wgsl?raw';
import derivative from '../../shaders/lib/derivative.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import normUnit from '../../shaders/lib/norm_unit.wgsl?raw';
import rowChunk from '../../shaders/lib/row_chunk.wgsl?raw';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { type Activation, activationFlags } from './activation.ts';
import { loadFlags, powerOfTwo, rowChunks, rowsPerChunk, rowTiles, rowTileWorkgroups, widthOf } from './row_chunks.ts';
import { stateSource, stateWords } from './state.ts';
import { spread } from './workgroups.ts';

/**
 * x [instances, pixels, channels]. Each group of consecutive channels of each instance is normalized separately. For
 * groupNormalization an instance is a sample; layer_norm.ts has several instances per sample.
 */
export interface GroupNormShape {
  instances: number;
  instancesPerSample: number;
  pixels: number;
  channels: number;
  groups: number;
  epsilon: number;
  /** True if the layer has gamma (`scale`) and beta (`center`). */
  scale: boolean;
  center: boolean;
}

export interface GroupNormForwardShape extends GroupNormShape {
  /** True if a shortcut is added before the activation. */
  residual: boolean;
  activation: Activation;
  /** True if mean and rstd are stored for the backward kernels. */
  keepsStatistics: boolean;
}

export interface GroupNormBackwardXShape extends GroupNormShape {
  /** The activation that produced x: its derivative is folded into dx. */
  inActivation: Activation;
}

export interface GroupNormBackwardSumsShape extends GroupNormShape {
  /** Number of workgroups that share the sum; see groupNormChunks. */
  chunks: number;
}

const elementsOf = (s: GroupNormShape) => s.instances * s.pixels * s.channels;
const unitsOf = (s: GroupNormShape) => s.instances * s.groups;
const rowsOf = (s: GroupNormShape) => s.instances * s.pixels;

/** A load must not cross the border of a group. */
const groupWidth = (s: GroupNormShape) => widthOf(s.channels / s.groups);
const groupColumns = (s: GroupNormShape) => s.channels / s.groups / groupWidth(s);

/**
 * How the invocations of a workgroup divide normalization units among them (shaders/lib/norm_unit.wgsl). Their numbers are
 * powers of two.
 */
type UnitTile = Variant & { pixel_invocations: number; column_invocations: number; units: number };

/** Number of workgroups that keeps the few cores of a software adapter busy. */
const busyWorkgroups = 8;

/**
 * On a software adapter each invocation processes one unit, which needs no barrier. On hardware as many invocations share a
 * unit as there is work for, with neighbors on neighboring columns so that their loads coalesce.
 */
function unitTiles(s: GroupNormShape, { software }: Traits): UnitTile[] {
  if (software) {
    const units = Math.min(64, 4 * Math.max(1, Math.floor(unitsOf(s) / busyWorkgroups / 4)));
    return [{ pixel_invocations: 1, column_invocations: 1, units }];
  }
  const column_invocations = powerOfTwo(Math.min(256, groupColumns(s)));
  const pixel_invocations = powerOfTwo(Math.min(256 / column_invocations, s.pixels));
  return [{ pixel_invocations, column_invocations, units: 256 / column_invocations / pixel_invocations }];
}

const unitFlags = (s: GroupNormShape, tile: Variant) => ({
  ...loadFlags(s.channels / s.groups),
  width: groupWidth(s),
  vec: groupWidth(s) === 4,
  ...tile,
  scale: s.scale,
});

const unitConstants = (s: GroupNormShape) => ({
  instances: s.instances,
  pixels: s.pixels,
  columns: s.channels / groupWidth(s),
  group_columns: groupColumns(s),
});

const unitWorkgroups = (s: GroupNormShape, tile: Variant) => spread(unitsOf(s), (tile as UnitTile).units);

export const groupNormForward: Kernel<GroupNormForwardShape> = {
  name: 'group_norm_forward',
  source: forwardSource + normUnit + activate + nan,
  variants: unitTiles,
  flags: (s, tile) => ({
    ...unitFlags(s, tile),
    center: s.center,
    residual: s.residual,
    keeps_statistics: s.keepsStatistics,
    ...activationFlags(s.activation),
  }),
  constants: (s) => ({ ...unitConstants(s), epsilon: s.epsilon }),
  buffers: (s) => ({
    x: elementsOf(s),
    y: elementsOf(s),
    ...(s.scale && { gamma: s.channels }),
    ...(s.center && { beta: s.channels }),
    ...(s.residual && { residual: elementsOf(s) }),
    ...(s.keepsStatistics && { statistics: 2 * unitsOf(s) }),
  }),
  workgroups: unitWorkgroups,
  cost: (s) => ({ flops: (s.residual ? 9 : 8) * elementsOf(s), bytes: 4 * (s.residual ? 3 : 2) * elementsOf(s) }),
};

export const groupNormBackwardX: Kernel<GroupNormBackwardXShape> = {
  name: 'group_norm_backward_x',
  source: backwardXSource + normUnit + stateSource + derivative,
  variants: unitTiles,
  flags: (s, tile) => ({
    ...unitFlags(s, tile),
    activated: s.inActivation !== 'linear',
    ...activationFlags(s.inActivation),
  }),
  constants: (s) => ({ ...unitConstants(s), instances_per_sample: s.instancesPerSample }),
  buffers: (s) => ({
    x: elementsOf(s),
    dy: elementsOf(s),
    statistics: 2 * unitsOf(s),
    state: stateWords,
    dx: elementsOf(s),
    ...(s.scale && { gamma: s.channels }),
  }),
  workgroups: unitWorkgroups,
  cost: (s) => ({ flops: 9 * elementsOf(s), bytes: 12 * elementsOf(s) }),
};

export const groupNormChunks = (s: Omit<GroupNormShape, 'epsilon'>): number =>
  rowChunks(s.instances * s.pixels, s.channels);

/**
 * dgamma and dbeta in as many parts as there are chunks. If there is more than one, sumParts adds them up (weights and biases:
 * the channels).
 */
export const groupNormBackwardSums: Kernel<GroupNormBackwardSumsShape> = {
  name: 'group_norm_backward_sums',
  source: backwardSumsSource + rowChunk + stateSource,
  variants: (s, traits) => rowTiles(rowsOf(s), s.chunks, s.channels / groupWidth(s), traits),
  flags: (s, tile) => ({ ...loadFlags(s.channels / s.groups), one_pixel: s.pixels === 1, ...tile }),
  constants: (s) => ({
    rows_per_sample: s.instancesPerSample * s.pixels,
    rows_per_chunk: rowsPerChunk(rowsOf(s), s.chunks),
    columns: s.channels / groupWidth(s),
    group_columns: groupColumns(s),
    pixels: s.pixels,
  }),
  buffers: (s) => ({
    x: elementsOf(s),
    dy: elementsOf(s),
    statistics: 2 * unitsOf(s),
    state: stateWords,
    dgamma: s.chunks * s.channels,
    dbeta: s.chunks * s.channels,
  }),
  workgroups: (s, tile) => rowTileWorkgroups(s.chunks, s.channels / groupWidth(s), tile),
  cost: (s) => ({ flops: 5 * elementsOf(s), bytes: 8 * elementsOf(s) }),
};
