import type { Variant } from '../gpu/kernel.ts';
import { variantText } from '../gpu/variants.ts';
import { product } from '../product.ts';
import { lifetimesOf, type Sequence, type Slot } from './liveness.ts';
import { lossOf, type Phase, phasesOf, stepOf } from './phases.ts';
import type { InputPlan } from './plan_input.ts';
import type { BufferRef, PlanBuffer, PlannedDispatch } from './planner.ts';
import type { StepPlan } from './steps.ts';

/** One dispatch of a training step, as text and numbers. */
export interface DispatchFacts {
  phase: Phase;
  /** Empty if it belongs to the step as a whole. */
  layer: string;
  kernel: string;
  /** Parameters of the kernel variant: "quads 4, width 2". */
  variant: string;
  /** The variant that replaces it after `stepsBeforeUpgrade` steps, in the same form, or "no launch"; omitted if nothing changes. */
  upgrade?: string;
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
  /** True if its numbers are stored as float16. */
  half?: true;
  /** Index of the memory slot. Buffers in the same slot are alive at different times. */
  slot: number;
  /** First and last dispatch during which it is alive; undefined if it outlives the step. */
  alive?: [first: number, last: number];
}

/** A training step as data, as printed by `wgrad profile --plan`. */
export interface PlanFacts {
  dispatches: DispatchFacts[];
  buffers: BufferFacts[];
  /**
   * In bytes: the slots that hold the step's own buffers (`shared`), the sum of those buffers without sharing (`apart`), and
   * the data set with the buffers that turn it into batches (`input`).
   */
  bytes: { shared: number; apart: number; input: number };
}

/** A training step's dispatches in execution order, each with its phase. */
export const sequenceOf = (plan: StepPlan, input: InputPlan): { phase: Phase; dispatch: PlannedDispatch }[] =>
  stepOf(phasesOf(plan, input.dispatches, lossOf(plan.training, input)), plan.training.accumulation);

/**
 * @param slots of the whole plan. Evaluation has separate buffers in the same memory.
 * @param upgrades the variants that replace those of some dispatches in a long run; undefined for one that it no longer launches.
 */
export function describePlan(
  plan: StepPlan,
  input: InputPlan,
  slots: readonly Slot[],
  upgrades: ReadonlyMap<PlannedDispatch, Variant | undefined>,
): PlanFacts {
  const step = sequenceOf(plan, input);
  const sequence: Sequence = step.map(({ dispatch }) => dispatch);
  const lifetimes = lifetimesOf(sequence);
  const slotOf = new Map(slots.flatMap((slot, i) => slot.buffers.map((buffer) => [buffer, i] as const)));
  const used = [...lifetimes.keys()];
  const own = used.filter(({ kind }) => kind !== 'input');
  const slotsUsed = new Set(own.map((buffer) => slots[slotOf.get(buffer)!]!));
  const sum = (sizes: readonly { size: number }[]) => sizes.reduce((bytes, { size }) => bytes + size, 0);
  return {
    dispatches: step.map(({ phase, dispatch }) => dispatchFacts(phase, dispatch, upgradeText(upgrades, dispatch))),
    buffers: used.map((buffer) => bufferFacts(buffer, slotOf.get(buffer)!, lifetimes.get(buffer)!, sequence.length)),
    bytes: {
      shared: sum([...slotsUsed]),
      apart: sum(own),
      input: sum(used.filter(({ kind }) => kind === 'input')),
    },
  };
}

function upgradeText(upgrades: ReadonlyMap<PlannedDispatch, Variant | undefined>, dispatch: PlannedDispatch) {
  if (!upgrades.has(dispatch)) return undefined;
  const variant = upgrades.get(dispatch);
  return variant ? variantText(variant) : 'no launch';
}

function dispatchFacts(phase: Phase, dispatch: PlannedDispatch, upgrade: string | undefined): DispatchFacts {
  const { layer, name, variant, kernel, cost } = dispatch;
  const labels = (refs: readonly BufferRef[]) => refs.map(({ label }) => label);
  return {
    phase,
    layer,
    kernel: name,
    variant: variantText(variant),
    ...(upgrade && { upgrade }),
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
  ...(buffer.half && { half: true as const }),
  slot,
  ...(!buffer.pinned && { alive: [first, Math.min(last, dispatches - 1)] as [number, number] }),
});
