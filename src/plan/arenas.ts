import { arenaBytes, arenaLayout } from '../gpu/memory.ts';
import type { CompiledModel } from '../model/graph.ts';
import type { BufferRef, PlanBuffer, PlannedDispatch, Planner } from './planner.ts';

/** Where a tensor that is measured lies. */
export interface Place {
  group: number;
  /** Outputs in 0 and 1, gradients in 2 and 3. */
  arena: 0 | 1 | 2 | 3;
  /** Bytes. */
  offset: number;
  /** Elements of a sample. */
  elements: number;
}

/** A tensor that is measured: an output, or a gradient. */
export interface Measurable {
  ref: BufferRef;
  /** Elements of a sample. */
  elements: number;
}

/** The tensors that are measured, in few buffers, so that few dispatches see all of them. */
export interface MeasuredArenas {
  /** For each measured layer, in the model's order. */
  places: { values: Place; deltas: Place }[];
  /** y0, y1, dy0, dy1 of each group: as many as one dispatch can look through. */
  groups: [BufferRef, BufferRef, BufferRef, BufferRef][];
}

const arenaNames = ['y0', 'y1', 'dy0', 'dy1'];

/** Bytes of gradients after which a group is measured, so that their memory is free for others. */
const groupGradientBytes = 16 * 2 ** 20;

/** A tensor on its way into an arena. */
interface Entry {
  buffer: PlanBuffer;
  kind: 'y' | 'dy';
}

/**
 * Puts what is measured into few arenas, so that one dispatch sees all of it. A dispatch may not read and write one buffer,
 * and a layer reads what the one before it wrote: so tensors that meet in a dispatch lie in different arenas. A new group
 * begins where an arena would be larger than a binding, where a tensor meets others of both arenas, or where the gradients of a
 * group are large: they are held until the group is measured.
 */
export function placeMeasured(
  planner: Planner,
  model: CompiledModel,
  dispatches: readonly PlannedDispatch[],
  { values, deltas }: { values: Measurable[]; deltas: Measurable[] },
): MeasuredArenas {
  const entries = new Map<PlanBuffer, Entry>();
  for (const i of model.measured.keys()) {
    const [y, dy] = [values[i]!.ref.buffer, deltas[i]!.ref.buffer];
    if (!entries.has(y)) entries.set(y, { buffer: y, kind: 'y' });
    if (!entries.has(dy)) entries.set(dy, { buffer: dy, kind: 'dy' });
  }
  const conflicts = conflictsOf(dispatches);
  const groups = fillGroups(planner, [...entries.values()], conflicts);
  const places = new Map<PlanBuffer, Omit<Place, 'elements'>>();
  const slices = groups.map((arenas, group) =>
    arenas.map((own, arena) => {
      const tensors = own.map((buffer) => ({ label: buffer.label, elements: buffer.size / 4 }));
      const { places: at, bytes } = arenaLayout(tensors);
      const label = own.length === 1 ? own[0]!.label : `activations_${group}.${arenaNames[arena]}`;
      // One that nothing lies in is bound all the same, and never written.
      const kind = own.length === 0 ? 'table' : arena < 2 ? 'value' : 'gradient';
      const all = planner.buffer(kind, label, bytes / 4);
      for (const [i, buffer] of own.entries()) {
        const { offset } = at[i]!;
        buffer.place = { arena: all.buffer, offset };
        places.set(buffer, { group, arena: arena as Place['arena'], offset });
      }
      return all;
    }),
  );
  const placeOf = ({ ref, elements }: Measurable): Place => ({ ...places.get(ref.buffer)!, elements });
  return {
    places: model.measured.map((_, i) => ({
      values: placeOf(values[i]!),
      deltas: placeOf(deltas[i]!),
    })),
    groups: slices as MeasuredArenas['groups'],
  };
}

/** For each buffer, those that it may not share an arena with: both are bound in one dispatch, which writes one of them. */
function conflictsOf(dispatches: readonly PlannedDispatch[]): Map<PlanBuffer, Set<PlanBuffer>> {
  const conflicts = new Map<PlanBuffer, Set<PlanBuffer>>();
  const add = (a: PlanBuffer, b: PlanBuffer) => {
    if (a === b) return;
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      if (!conflicts.has(x)) conflicts.set(x, new Set());
      conflicts.get(x)!.add(y);
    }
  };
  for (const dispatch of dispatches) {
    const bound = Object.values(dispatch.buffers);
    for (const written of dispatch.writes) for (const other of bound) add(written.buffer, other.buffer);
  }
  return conflicts;
}

/** Four arenas a group, what is in each in the order given. */
function fillGroups(
  { limits }: Planner,
  entries: readonly Entry[],
  conflicts: ReadonlyMap<PlanBuffer, ReadonlySet<PlanBuffer>>,
): PlanBuffer[][][] {
  const groups: { arenas: PlanBuffer[][]; bytes: number[] }[] = [];
  for (const { buffer, kind } of entries) {
    const bytes = arenaBytes(buffer.size / 4);
    const fits = (group: (typeof groups)[number], arena: number) =>
      (group.bytes[arena] === 0 || group.bytes[arena]! + bytes <= limits.mostArenaBytes) &&
      !group.arenas[arena]!.some((other) => conflicts.get(buffer)?.has(other));
    const own = kind === 'y' ? [0, 1] : [2, 3];
    let group = groups.at(-1);
    const held = group ? group.bytes[2]! + group.bytes[3]! : 0;
    // A layer's output comes before its gradient: a group ends with the layer that filled it.
    if (group && kind === 'y' && held >= groupGradientBytes) group = undefined;
    // The emptier of the two first.
    let arena = group && own.filter((a) => fits(group!, a)).sort((a, b) => group!.bytes[a]! - group!.bytes[b]!)[0];
    if (!group || arena === undefined) {
      group = { arenas: [[], [], [], []], bytes: [0, 0, 0, 0] };
      groups.push(group);
      arena = own[0]!;
    }
    group.arenas[arena]!.push(buffer);
    group.bytes[arena]! += bytes;
  }
  return groups.map(({ arenas }) => arenas);
}
