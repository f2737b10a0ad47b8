import type { Kernel } from '../gpu/kernel.ts';
import {
  type GroupNormBackwardSumsShape,
  type GroupNormBackwardXShape,
  type GroupNormForwardShape,
  groupNormBackwardSums,
  groupNormBackwardX,
  groupNormForward,
} from './group_norm.ts';

/** x [batch, rows, size]: each row of a sample is normalized over its `size` elements, the trailing axes of the input. */
interface Rows {
  batch: number;
  rows: number;
  /** Also the number of elements of gamma and of beta. */
  size: number;
}

type AsRows<Shape> = Rows & Omit<Shape, 'instances' | 'instancesPerSample' | 'pixels' | 'channels' | 'groups'>;
export type LayerNormForwardShape = AsRows<GroupNormForwardShape>;
export type LayerNormBackwardXShape = AsRows<GroupNormBackwardXShape>;
export type LayerNormBackwardSumsShape = AsRows<GroupNormBackwardSumsShape>;

/**
 * Layer normalization is group normalization of instances that have one pixel and one group, whose channels are the elements of
 * a row. Both therefore use the same shaders.
 */
export function asGroupNorm<S extends Rows>({ batch, rows, size, ...options }: S) {
  return { ...options, instances: batch * rows, instancesPerSample: rows, pixels: 1, channels: size, groups: 1 };
}

export const layerNormForward: Kernel<GroupNormForwardShape> = { ...groupNormForward, name: 'layer_norm_forward' };
export const layerNormBackwardX: Kernel<GroupNormBackwardXShape> = {
  ...groupNormBackwardX,
  name: 'layer_norm_backward_x',
};
export const layerNormBackwardSums: Kernel<GroupNormBackwardSumsShape> = {
  ...groupNormBackwardSums,
  name: 'layer_norm_backward_sums',
};
