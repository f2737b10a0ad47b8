import type { CompiledLayer } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';
import { lowerConv2d } from './conv2d.ts';
import { lowerDense } from './dense.ts';
import { furtherLayers } from './loaded.ts';
import { passOn } from './pass_on.ts';

/**
 * The lowering of each layer type. Kept apart from the layer definitions, because a page that only describes models doesn't
 * need it. These are the layers that most first runs use; further.ts has all others.
 */
const lowerings = {
  conv2d: lowerConv2d,
  dense: lowerDense,
  flatten: passOn,
  reshape: passOn,
} satisfies Partial<{ [T in LayerType]: Lowering<T> }>;

export type BaseLayerType = keyof typeof lowerings;
const isBaseLayer = (type: LayerType): type is BaseLayerType => Object.hasOwn(lowerings, type);

/** True if a layer needs nothing beyond this table: no other lowering and no other kernels. */
export const isBasic = (layer: CompiledLayer): boolean =>
  isBaseLayer(layer.type) && !(layer.type === 'conv2d' && layer.config.groups > 1);

export function lowerLayer(layer: CompiledLayer, context: LoweringContext): Lowered {
  const { type } = layer;
  const lower = isBaseLayer(type) ? lowerings[type] : furtherLayers().furtherLowerings[type];
  return (lower as (layer: CompiledLayer, context: LoweringContext) => Lowered)(layer, context);
}
