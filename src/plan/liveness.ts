import type { PlanBuffer, PlannedDispatch } from './planner.ts';

/** Dispatches in execution order. */
export type Sequence = readonly PlannedDispatch[];

/** One GPU buffer, and the buffers of the plan that share it at different times of a step. */
export interface Slot {
  /** In bytes. */
  size: number;
  buffers: PlanBuffer[];
}

/** First and last dispatch of a sequence that binds a buffer. */
interface Lifetime {
  first: number;
  last: number;
}

/**
 * Assigns memory to buffers: pinned ones get their own, others a slot that they share with buffers that are alive at other
 * times. Two buffers share a slot only if their lifetimes don't overlap in any sequence. A dispatch's inputs and outputs are
 * alive together, so it never reads and writes the same slot. Greedy, in the order of first use: the smallest free slot that is
 * large enough, or else the largest free one, which then grows.
 */
export function shareMemory(buffers: readonly PlanBuffer[], sequences: readonly Sequence[]): Slot[] {
  const bound = buffers.filter(({ place }) => place === undefined);
  const lifetimes = sequences.map(lifetimesOf);
  const apart = (a: PlanBuffer, b: PlanBuffer) =>
    lifetimes.every((times) => {
      const [x, y] = [times.get(a), times.get(b)];
      return !x || !y || x.last < y.first || y.last < x.first;
    });
  const firstUse = (buffer: PlanBuffer) => Math.min(...lifetimes.map((times) => times.get(buffer)?.first ?? Infinity));
  const shared: Slot[] = [];
  const transient = bound.filter(({ pinned }) => !pinned).sort((a, b) => firstUse(a) - firstUse(b));
  for (const buffer of transient) {
    const free = shared.filter((slot) => slot.buffers.every((other) => apart(buffer, other)));
    const enough = free.filter(({ size }) => size >= buffer.size).sort((a, b) => a.size - b.size)[0];
    const slot = enough ?? free.sort((a, b) => b.size - a.size)[0];
    if (slot) {
      slot.buffers.push(buffer);
      slot.size = Math.max(slot.size, buffer.size);
    } else {
      shared.push({ size: buffer.size, buffers: [buffer] });
    }
  }
  const own = bound.filter(({ pinned }) => pinned).map((buffer) => ({ size: buffer.size, buffers: [buffer] }));
  return [...own, ...shared];
}

export function lifetimesOf(sequence: Sequence): Map<PlanBuffer, Lifetime> {
  const times = new Map<PlanBuffer, Lifetime>();
  sequence.forEach((dispatch, at) => {
    for (const ref of Object.values(dispatch.buffers)) {
      const { buffer } = ref.bound;
      // Diagnosis and the display of activations read layer outputs after the step has ended.
      const last = buffer.kind === 'value' ? sequence.length : at;
      const known = times.get(buffer);
      if (known) known.last = last;
      else times.set(buffer, { first: at, last });
    }
  });
  return times;
}

/**
 * Lists the hazards of a plan as text; empty for a sound one. A dispatch must not bind overlapping ranges for reading and
 * writing, and a buffer that is only alive within a step must be written before it is read.
 */
export function hazardsOf(sequence: Sequence, slots: readonly Slot[]): string[] {
  const slotOf = new Map(slots.flatMap((slot) => slot.buffers.map((buffer) => [buffer, slot] as const)));
  const owner = new Map<Slot, PlanBuffer>();
  const found: string[] = [];
  sequence.forEach((dispatch, at) => {
    const where = `dispatch ${at} (${dispatch.layer ? `${dispatch.layer} ` : ''}${dispatch.name})`;
    const [reads, writes] = [dispatch.reads, dispatch.writes];
    for (const ref of reads) {
      const { buffer } = ref.bound;
      const slot = slotOf.get(buffer);
      if (!slot) found.push(`${where} reads ${ref.label}, which has no memory`);
      else if (writes.some((other) => slotOf.get(other.bound.buffer) === slot)) {
        found.push(`${where} reads and writes the memory of ${ref.label}`);
      } else if (!buffer.pinned && owner.get(slot) !== buffer) {
        const by = owner.get(slot);
        found.push(
          `${where} reads ${ref.label} ${by ? `after ${by.label} was written over it` : 'before it is written'}`,
        );
      }
    }
    for (const ref of writes) owner.set(slotOf.get(ref.bound.buffer)!, ref.bound.buffer);
  });
  return found;
}
