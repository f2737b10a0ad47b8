import type { CompiledLayer } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';
import { lowerConv2d } from './conv2d.ts';
import { lowerDense } from './dense.ts';
import { lowerFlatten } from './flatten.ts';
import { lowerMaxPooling2d } from './max_pooling2d.ts';

/** How each type of layer becomes dispatches. A table of its own: a page that only describes models does without it. */
const lowerings = {
  conv2d: lowerConv2d,
  maxPooling2d: lowerMaxPooling2d,
  flatten: lowerFlatten,
  dense: lowerDense,
} satisfies { [T in LayerType]: Lowering<T> };

export const lowerLayer = (layer: CompiledLayer, context: LoweringContext): Lowered =>
  (lowerings[layer.type] as (layer: CompiledLayer, context: LoweringContext) => Lowered)(layer, context);
