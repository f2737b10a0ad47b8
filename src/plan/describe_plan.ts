import { lifetimesOf, type Sequence, type Slot } from './liveness.ts';
import type { BufferRef, PlanBuffer, PlannedDispatch } from './planner.ts';
import type { StepPlan } from './steps.ts';

export type Phase = 'forward' | 'backward' | 'update';

/** A dispatch of a training step, as text and figures. */
export interface DispatchFacts {
  phase: Phase;
  /** Empty for what belongs to the step as a whole. */
  layer: string;
  kernel: string;
  /** Tile sizes and the like: "quads 4, width 2". */
  variant: string;
  workgroups: number;
  reads: string[];
  writes: string[];
  flops: number;
  bytes: number;
}

/** A buffer of a training step. */
export interface BufferFacts {
  label: string;
  kind: string;
  bytes: number;
  /** The memory that it lies in: buffers of one slot are alive at different times. */
  slot: number;
  /** The first and the last dispatch that it is alive at; undefined for what lives longer than a step. */
  alive?: [first: number, last: number];
}

/** A training step, data sets aside: what `wgrad profile --plan` prints. */
export interface PlanFacts {
  dispatches: DispatchFacts[];
  buffers: BufferFacts[];
  /** Bytes of all slots, and what the same buffers would take without sharing. */
  bytes: { shared: number; apart: number };
}

/** A training step in its phases, in their order. The loss is computed with its gradient, at the end of the forward pass. */
export function phasesOf({ network, training, update, measurement }: StepPlan): Record<Phase, PlannedDispatch[]> {
  return {
    forward: [training.begin, ...network.training.forward, training.loss],
    backward: network.training.backward,
    update: [...training.norms, ...update, ...(measurement?.recording ?? [])],
  };
}

/** @param slots of the whole plan: evaluation has buffers of its own, in the same memory. */
export function describePlan(plan: StepPlan, slots: readonly Slot[]): PlanFacts {
  const phases = Object.entries(phasesOf(plan)) as [Phase, PlannedDispatch[]][];
  const sequence: Sequence = phases.flatMap(([, dispatches]) => dispatches);
  const lifetimes = lifetimesOf(sequence);
  const slotOf = new Map(slots.flatMap((slot, i) => slot.buffers.map((buffer) => [buffer, i] as const)));
  const used = [...lifetimes.keys()];
  const buffers = used.map((buffer) => bufferFacts(buffer, slotOf.get(buffer)!, lifetimes.get(buffer)!));
  const slotsUsed = new Set(buffers.map(({ slot }) => slot));
  return {
    dispatches: phases.flatMap(([phase, dispatches]) => dispatches.map((dispatch) => dispatchFacts(phase, dispatch))),
    buffers,
    bytes: {
      shared: [...slotsUsed].reduce((sum, slot) => sum + slots[slot]!.size, 0),
      apart: used.reduce((sum, { size }) => sum + size, 0),
    },
  };
}

function dispatchFacts(phase: Phase, dispatch: PlannedDispatch): DispatchFacts {
  const { layer, name, variant, kernel, cost } = dispatch;
  const labels = (refs: readonly BufferRef[]) => refs.map(({ label }) => label);
  return {
    phase,
    layer,
    kernel: name,
    variant: Object.entries(variant)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    workgroups: kernel.workgroups.reduce((a, b) => a * b, 1),
    reads: labels(dispatch.reads),
    writes: labels(dispatch.writes),
    ...cost,
  };
}

const bufferFacts = (
  buffer: PlanBuffer,
  slot: number,
  { first, last }: { first: number; last: number },
): BufferFacts => ({
  label: buffer.label,
  kind: buffer.kind,
  bytes: buffer.size,
  slot,
  ...(!buffer.pinned && { alive: [first, last] as [number, number] }),
});
