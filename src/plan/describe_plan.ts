import { variantText } from '../gpu/variants.ts';
import { product } from '../product.ts';
import { lifetimesOf, type Sequence, type Slot } from './liveness.ts';
import { lossOf, type Phase, phasesOf, stepOf } from './phases.ts';
import type { InputPlan } from './plan_input.ts';
import type { BufferRef, PlanBuffer, PlannedDispatch } from './planner.ts';
import type { StepPlan } from './steps.ts';

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

/** A training step as data: what `wgrad profile --plan` prints. */
export interface PlanFacts {
  dispatches: DispatchFacts[];
  buffers: BufferFacts[];
  /**
   * Bytes of all slots that a step's own buffers lie in, what the same buffers would take without sharing, and what the
   * data set takes with all that makes batches of it.
   */
  bytes: { shared: number; apart: number; input: number };
}

/** A training step's dispatches in the order in which they run, each with its phase. */
export const sequenceOf = (plan: StepPlan, input: InputPlan): { phase: Phase; dispatch: PlannedDispatch }[] =>
  stepOf(phasesOf(plan, input.dispatches, lossOf(plan.training, input)), plan.training.accumulation);

/** @param slots of the whole plan: evaluation has buffers of its own, in the same memory. */
export function describePlan(plan: StepPlan, input: InputPlan, slots: readonly Slot[]): PlanFacts {
  const step = sequenceOf(plan, input);
  const sequence: Sequence = step.map(({ dispatch }) => dispatch);
  const lifetimes = lifetimesOf(sequence);
  const slotOf = new Map(slots.flatMap((slot, i) => slot.buffers.map((buffer) => [buffer, i] as const)));
  const used = [...lifetimes.keys()];
  const own = used.filter(({ kind }) => kind !== 'input');
  const slotsUsed = new Set(own.map((buffer) => slots[slotOf.get(buffer)!]!));
  const sum = (sizes: readonly { size: number }[]) => sizes.reduce((bytes, { size }) => bytes + size, 0);
  return {
    dispatches: step.map(({ phase, dispatch }) => dispatchFacts(phase, dispatch)),
    buffers: used.map((buffer) => bufferFacts(buffer, slotOf.get(buffer)!, lifetimes.get(buffer)!, sequence.length)),
    bytes: {
      shared: sum([...slotsUsed]),
      apart: sum(own),
      input: sum(used.filter(({ kind }) => kind === 'input')),
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
    variant: variantText(variant),
    workgroups: product(kernel.workgroups),
    reads: labels(dispatch.reads),
    writes: labels(dispatch.writes),
    ...cost,
  };
}

const bufferFacts = (
  buffer: PlanBuffer,
  slot: number,
  { first, last }: { first: number; last: number },
  dispatches: number,
): BufferFacts => ({
  label: buffer.label,
  kind: buffer.kind,
  bytes: buffer.size,
  slot,
  ...(!buffer.pinned && { alive: [first, Math.min(last, dispatches - 1)] as [number, number] }),
});
