import type { CompiledModel, CompiledNode } from '../model/graph.ts';

/** Layers that are computed in the dispatch of another one before them. */
export interface Fusions {
  /** By the first layer of a run, the layers that are fused into it, in order. */
  runs: Map<number, number[]>;
  /** All layers that are fused into another. */
  members: Set<number>;
}

/** Which layers are computed together. A layer can only join the one before it if nobody else takes what that gives. */
export function fusedInto(model: CompiledModel): Fusions {
  const runs = new Map<number, number[]>();
  for (const index of model.order) {
    const layer = model.layers[index]!;
    const [next, ...others] = model.consumers[index]!;
    if (next === undefined || others.length > 0 || layer.type !== 'conv2d') continue;
    const pool = model.layers[next]!;
    if (pool.type === 'maxPooling2d' && fitsPool(layer, pool)) runs.set(index, [next]);
  }
  return { runs, members: new Set([...runs.values()].flat()) };
}

/** The convolution kernels can also do a 2x2 pool of stride 2. */
function fitsPool(layer: CompiledNode<'conv2d'>, pool: CompiledNode<'maxPooling2d'>): boolean {
  const halves =
    pool.outputShape[0] === Math.floor(layer.outputShape[0]! / 2) &&
    pool.outputShape[1] === Math.floor(layer.outputShape[1]! / 2);
  const { window, strides, pad } = pool.details;
  const twoByTwo = [...window, ...strides].every((n) => n === 2) && pad.every((n) => n === 0);
  return halves && twoByTwo && layer.config.filters % 4 === 0;
}
