import type { CompiledLayer } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';
import { lowerConv2d } from './conv2d.ts';
import { lowerDense } from './dense.ts';
import { furtherLayers } from './loaded.ts';
import { lowerMaxPooling2d } from './max_pooling2d.ts';
import { passOn } from './pass_on.ts';

/**
 * How each type of layer becomes dispatches. A table of its own: a page that only describes models does without it. These are
 * the layers that most first runs have; further.ts has all others.
 */
const lowerings = {
  conv2d: lowerConv2d,
  dense: lowerDense,
  maxPooling2d: lowerMaxPooling2d,
  flatten: passOn,
  reshape: passOn,
} satisfies Partial<{ [T in LayerType]: Lowering<T> }>;

export type BaseLayerType = keyof typeof lowerings;
const isBaseLayer = (type: LayerType): type is BaseLayerType => Object.hasOwn(lowerings, type);

/** Whether a layer takes more than is here: another lowering, or other kernels. */
export const isBasic = (layer: CompiledLayer): boolean =>
  isBaseLayer(layer.type) && !(layer.type === 'conv2d' && layer.config.groups > 1);

export function lowerLayer(layer: CompiledLayer, context: LoweringContext): Lowered {
  const { type } = layer;
  const lower = isBaseLayer(type) ? lowerings[type] : furtherLayers().furtherLowerings[type];
  return (lower as (layer: CompiledLayer, context: LoweringContext) => Lowered)(layer, context);
}
