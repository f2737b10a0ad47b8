import { arenaBytes, arenaLayout } from '../gpu/memory.ts';
import type { CompiledModel } from '../model/graph.ts';
import type { BufferRef, PlanBuffer, PlannedDispatch, Planner } from './planner.ts';

/** Location of a measured tensor. */
export interface Place {
  group: number;
  /** 0 and 1 hold outputs, 2 and 3 hold gradients. */
  arena: 0 | 1 | 2 | 3;
  /** In bytes. */
  offset: number;
  /** Elements per sample. */
  elements: number;
}

/** A measured tensor: an output or a gradient. */
export interface Measurable {
  ref: BufferRef;
  /** Elements per sample. */
  elements: number;
}

/** The measured tensors, packed into few buffers so that few dispatches cover all of them. */
export interface MeasuredArenas {
  /** For each measured layer, in the model's order. */
  places: { values: Place; deltas: Place }[];
  /** y0, y1, dy0 and dy1 of each group; one dispatch covers one group. */
  groups: [BufferRef, BufferRef, BufferRef, BufferRef][];
}

const arenaNames = ['y0', 'y1', 'dy0', 'dy1'];

/** Bytes of gradients after which a group is measured, so that its memory can be reused. */
const groupGradientBytes = 16 * 2 ** 20;

/** Tensors that must not share an arena with those that are written: a dispatch, or any other reason. */
type BoundTogether = Pick<PlannedDispatch, 'writes' | 'buffers'>;

/** A tensor to be placed in an arena. */
interface Entry {
  buffer: PlanBuffer;
  kind: 'y' | 'dy';
}

/**
 * Packs the measured tensors into few arenas, so that one dispatch covers many of them. A dispatch may not read and write the
 * same buffer, and each layer reads what the previous one wrote, so tensors that are bound in the same dispatch go to different
 * arenas. A new group starts if an arena would exceed the largest binding, if a tensor conflicts with both arenas, or if the
 * gradients of a group are large, because they stay allocated until the group is measured.
 */
export function placeMeasured(
  planner: Planner,
  model: CompiledModel,
  dispatches: readonly BoundTogether[],
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
      // An empty arena is also bound, but never written.
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

/** For each buffer, the buffers that must not share its arena: both are bound in one dispatch, which writes one of them. */
function conflictsOf(dispatches: readonly BoundTogether[]): Map<PlanBuffer, Set<PlanBuffer>> {
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

/** Four arenas per group, each with its tensors in the given order. */
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
    // A layer's output precedes its gradient, so a group ends with the layer that filled it.
    if (group && kind === 'y' && held >= groupGradientBytes) group = undefined;
    // Prefer the emptier of the two.
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
