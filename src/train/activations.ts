import type { Memory, Slice } from '../gpu/memory.ts';
import type { CompiledModel } from './model.ts';
import { type MeasuredLayer, measuredLayers, type Stage, stagesOf } from './stages.ts';

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

/** What a stage hands on, or the gradient of it. */
interface Flow {
  stage: number;
  kind: 'y' | 'dy';
  label: string;
  /** Of a batch. */
  elements: number;
}

const arenaNames = ['y0', 'y1', 'dy0', 'dy1'];

/**
 * Makes the buffers for what a batch's layers hand on. What is measured lies in few arenas, so that one dispatch sees all
 * of it. A dispatch may not read and write one buffer, and a layer reads what the one before it wrote: so they take turns
 * between two arenas. A new group begins where an arena would be larger than a binding.
 */
export function layOutActivations(memory: Memory, model: CompiledModel, batch: number): Activations {
  const stages = stagesOf(model);
  const layers = measuredLayers(model);
  const isMeasured = ({ stage, kind }: Flow) =>
    layers.some(({ values, deltas }) => (kind === 'y' ? values : deltas).stage === stage);
  const flows = flowsOf(stages, batch);
  const slices = stages.map((): { y?: Slice; dy?: Slice } => ({}));
  const places = stages.map((): { y?: Place; dy?: Place } => ({}));
  for (const flow of flows) {
    if (!isMeasured(flow)) slices[flow.stage]![flow.kind] = memory.storage(flow.label, flow.elements);
  }
  const groups = fillGroups(memory, flows.filter(isMeasured)).map((arenas, group) =>
    arenas.map((own, arena) => {
      const label = own.length === 1 ? own[0]!.label : `activations_${group}.${arenaNames[arena]}`;
      const { all, tensors } = memory.arena(label, own);
      for (const [i, { stage, kind }] of own.entries()) {
        const slice = tensors[i]!;
        slices[stage]![kind] = slice;
        places[stage]![kind] = { group, arena: arena as Place['arena'], slice };
      }
      return all;
    }),
  );
  return {
    stages: slices.map(({ y, dy }) => ({ y: y!, dy })),
    measured: layers.map((layer) => {
      const [values, deltas] = [places[layer.values.stage]!.y!, places[layer.deltas.stage]!.dy!];
      return { ...layer, places: { values, deltas } };
    }),
    groups: groups as Activations['groups'],
  };
}

function flowsOf(stages: readonly Stage[], batch: number): Flow[] {
  return stages.flatMap(({ layer, elements, hasGradient }, stage) =>
    (hasGradient ? (['y', 'dy'] as const) : (['y'] as const)).map((kind) => ({
      stage,
      kind,
      label: `${layer.name}.${kind}`,
      elements: batch * elements,
    })),
  );
}

/** Four arenas a group, what is in each in the order given. */
function fillGroups(memory: Memory, flows: readonly Flow[]): Flow[][][] {
  const groups: { arenas: Flow[][]; bytes: number[] }[] = [];
  for (const flow of flows) {
    const arena = (flow.stage % 2) + (flow.kind === 'y' ? 0 : 2);
    const bytes = memory.arenaBytes(flow.elements);
    let group = groups.at(-1);
    if (!group || (group.bytes[arena]! > 0 && group.bytes[arena]! + bytes > memory.mostArenaBytes)) {
      group = { arenas: [[], [], [], []], bytes: [0, 0, 0, 0] };
      groups.push(group);
    }
    group.arenas[arena]!.push(flow);
    group.bytes[arena]! += bytes;
  }
  return groups.map(({ arenas }) => arenas);
}
