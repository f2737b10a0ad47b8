import type { Memory, Slice } from '../gpu/memory.ts';
import type { CompiledModel } from './model.ts';
import { type MeasuredLayer, measuredLayers, stagesOf } from './stages.ts';

/** Where a tensor that is measured lies. */
export interface Place {
  group: number;
  /** Outputs in 0 and 1, gradients in 2 and 3. */
  arena: 0 | 1 | 2 | 3;
  slice: Slice;
}

/** The tensors that flow between layers. */
export interface Activations {
  /** Of each stage what it hands on, and the gradient of that where it has one. */
  stages: { y: Slice; dy?: Slice }[];
  /** Of all that is measured, in the order of the layers. */
  measured: (MeasuredLayer & { places: { values: Place; deltas: Place } })[];
  /** y0, y1, dy0, dy1 of each group: as many as one dispatch can look through. */
  groups: [Slice, Slice, Slice, Slice][];
}

/**
 * Makes the buffers for what a batch's layers hand on. What is measured lies in few arenas, so that one dispatch sees all
 * of it. A dispatch may not read and write one buffer, and a layer reads what the one before it wrote: so they take turns
 * between two arenas. A new group begins where an arena would be larger than a binding.
 */
export function layOutActivations(memory: Memory, model: CompiledModel, batch: number): Activations {
  const stages = stagesOf(model);
  const layers = measuredLayers(model);
  const sets = [new Set(layers.map(({ values }) => values.stage)), new Set(layers.map(({ deltas }) => deltas.stage))];
  type Wanted = { stage: number; gradient: boolean; label: string; elements: number };
  const groups: { wanted: [Wanted[], Wanted[], Wanted[], Wanted[]]; bytes: number[] }[] = [];
  const made: Activations = { stages: [], measured: [], groups: [] };
  const alone: Wanted[] = [];
  for (const [stage, { layer, elements, hasGradient }] of stages.entries()) {
    for (const gradient of hasGradient ? [false, true] : [false]) {
      const wanted = { stage, gradient, label: `${layer.name}.${gradient ? 'dy' : 'y'}`, elements: batch * elements };
      if (!sets[Number(gradient)]!.has(stage)) {
        alone.push(wanted);
        continue;
      }
      const arena = (stage % 2) + 2 * Number(gradient);
      const bytes = memory.arenaBytes(wanted.elements);
      let group = groups.at(-1);
      if (!group || (group.bytes[arena]! > 0 && group.bytes[arena]! + bytes > memory.mostBytes)) {
        group = { wanted: [[], [], [], []], bytes: [0, 0, 0, 0] };
        groups.push(group);
      }
      group.wanted[arena]!.push(wanted);
      group.bytes[arena]! += bytes;
    }
  }
  const slices = stages.map((): { y?: Slice; dy?: Slice } => ({}));
  const places = stages.map((): { values?: Place; deltas?: Place } => ({}));
  for (const { stage, gradient, label, elements } of alone) {
    slices[stage]![gradient ? 'dy' : 'y'] = memory.storage(label, elements);
  }
  for (const [g, { wanted }] of groups.entries()) {
    const arenas = wanted.map((all, arena) => {
      const label = all.length === 1 ? all[0]!.label : `activations_${g}.${['y0', 'y1', 'dy0', 'dy1'][arena]}`;
      const { all: whole, tensors } = memory.arena(label, all);
      for (const [i, { stage, gradient }] of all.entries()) {
        slices[stage]![gradient ? 'dy' : 'y'] = tensors[i]!;
        places[stage]![gradient ? 'deltas' : 'values'] = {
          group: g,
          arena: arena as Place['arena'],
          slice: tensors[i]!,
        };
      }
      return whole;
    });
    made.groups.push(arenas as Activations['groups'][number]);
  }
  made.stages = slices.map(({ y, dy }) => ({ y: y!, dy }));
  made.measured = layers.map((layer) => {
    const [values, deltas] = [places[layer.values.stage]!.values!, places[layer.deltas.stage]!.deltas!];
    return { ...layer, places: { values, deltas } };
  });
  return made;
}
