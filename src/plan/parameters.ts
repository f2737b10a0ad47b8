import type { CompiledModel, ModelTensor } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import { furtherLayers } from './layers/loaded.ts';
import type { Statistics } from './lowering.ts';
import { BufferRef, type Planner } from './planner.ts';

/** The tensors of a model. Trainable ones are in arenas; their gradients have the same layout. */
export interface Parameters {
  weights: { all: BufferRef; tensors: BufferRef[] };
  gradients: { all: BufferRef; tensors: BufferRef[] };
  /** All tensors of the model, in Keras' order. */
  tensors: BufferRef[];
  /** Moving statistics: all of them, and by layer. */
  moving?: { all: BufferRef; ofBatch: BufferRef; table: BufferRef; count: number };
  statistics: ReadonlyMap<number, Statistics>;
}

/** Plans the buffers of a model's tensors. */
export function planParameters(planner: Planner, { layers, tensors }: CompiledModel): Parameters {
  const labelled = (of: readonly ModelTensor[]) =>
    of.map(({ layer, spec }) => ({ label: `${layers[layer]!.name}.${spec.name}`, elements: elementsOf(spec) }));
  const trained = tensors.filter(({ spec }) => spec.trainable);
  const moved = tensors.filter(({ spec }) => spec.momentum !== undefined);
  const fixed = tensors.filter(({ spec }) => !spec.trainable && spec.momentum === undefined);
  const weights = planner.arena('parameters', 'weights', labelled(trained));
  const gradients = planner.arena('parameters', 'gradients', labelled(trained));
  const arena = (label: string, of: readonly ModelTensor[]) =>
    of.length > 0 ? planner.arena('parameters', label, labelled(of)) : undefined;
  const moving = arena('moving_statistics', moved);
  const ofBatch = arena('batch_statistics', moved);
  const refs = new Map<ModelTensor, BufferRef>();
  const place = (of: readonly ModelTensor[], slices: readonly BufferRef[] = []) =>
    of.forEach((tensor, i) => {
      refs.set(tensor, slices[i]!);
    });
  place(trained, weights.tensors);
  place(moved, moving?.tensors);
  place(fixed, arena('fixed_weights', fixed)?.tensors);
  const statistics = new Map<number, Statistics>();
  for (const [t, tensor] of tensors.entries()) {
    if (tensor.spec.statistic !== 'mean') continue;
    // The variance follows the mean.
    const at = moved.indexOf(tensor);
    statistics.set(tensor.layer, {
      moving: joined(refs.get(tensor)!, refs.get(tensors[t + 1]!)!),
      ...(at >= 0 && { batch: joined(ofBatch!.tensors[at]!, ofBatch!.tensors[at + 1]!) }),
    });
  }
  const rows = moved.map((tensor, i) => ({
    offset: moving!.tensors[i]!.offset,
    elements: elementsOf(tensor.spec),
    momentum: tensor.spec.momentum!,
  }));
  return {
    weights,
    gradients,
    tensors: tensors.map((tensor) => refs.get(tensor)!),
    ...(moving && {
      moving: {
        all: moving.all,
        ofBatch: ofBatch!.all,
        table: furtherLayers().planMoveTable(planner, rows),
        count: rows.length,
      },
    }),
    statistics,
  };
}

/** The range of a buffer from the start of one tensor to the end of another. */
const joined = (first: BufferRef, second: BufferRef) =>
  new BufferRef(first.buffer, first.label, first.offset, second.offset + second.size - first.offset);
