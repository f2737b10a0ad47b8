import type { Traits } from '../gpu/device.ts';
import { joinKernels, workgroupSize } from '../gpu/join.ts';
import { specialize } from '../gpu/kernel.ts';
import { type BufferRef, type PlanBuffer, PlannedDispatch } from './planner.ts';

const overlap = (a: BufferRef, b: BufferRef) =>
  a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;

/** True if one writes to a buffer that the other reads, in whatever range: a launch may not bind a buffer for both. */
const clash = (a: PlannedDispatch, b: PlannedDispatch) =>
  [
    [a, b],
    [b, a],
  ].some(([x, y]) => x!.writes.some(({ buffer }) => y!.reads.some((other) => other.buffer === buffer)));

/** True if one writes what the other reads or writes, so that their order matters. */
const depends = (a: PlannedDispatch, b: PlannedDispatch) =>
  [
    [a, b],
    [b, a],
  ].some(([x, y]) => x!.writes.some((ref) => Object.values(y!.buffers).some((other) => overlap(ref, other))));

/** The dispatches whose results no gradient of a layer's output depends on: the gradients of weights, whole or in parts. */
function forUpdate(dispatches: readonly PlannedDispatch[]): ReadonlySet<PlannedDispatch> {
  const found = new Set<PlannedDispatch>();
  const readers = new Map<PlanBuffer, { ref: BufferRef; by: PlannedDispatch }[]>();
  for (const one of dispatches.toReversed()) {
    const isRead = (ref: BufferRef) =>
      readers.get(ref.buffer)?.some((reader) => overlap(ref, reader.ref) && !found.has(reader.by)) ?? false;
    if (!one.writes.some(isRead)) found.add(one);
    for (const ref of one.reads) readers.set(ref.buffer, [...(readers.get(ref.buffer) ?? []), { ref, by: one }]);
  }
  return found;
}

/** The same dispatch with `size` invocations per workgroup, if its kernel lets them be chosen. */
function resized(one: PlannedDispatch, size: number, traits: Traits): PlannedDispatch {
  const { kernel, launched, buffers, layer } = one;
  if (workgroupSize(kernel) === size || size % 4 > 0 || !('tiles' in kernel.variant)) return one;
  const variant = { ...kernel.variant, tiles: size / 4 };
  return new PlannedDispatch(
    specialize(launched.kernel, launched.shape, traits, variant, layer),
    layer,
    buffers,
    launched,
  );
}

/** Two dispatches in one launch, or, if they can't share one, in two. Neither may depend on the other. */
export const inOneLaunch = (a: PlannedDispatch, b: PlannedDispatch, traits: Traits): PlannedDispatch[] => {
  const joined = joinDispatches(a, b, traits);
  return joined ? [joined] : [a, b];
};

function joinDispatches(a: PlannedDispatch, second: PlannedDispatch, traits: Traits): PlannedDispatch | undefined {
  if (clash(a, second)) return undefined;
  const b = resized(second, workgroupSize(a.kernel), traits);
  const same = new Map<string, string>();
  for (const [name, ref] of Object.entries(b.buffers)) {
    const other = Object.entries(a.buffers).find(
      ([, { buffer, offset, size }]) => buffer === ref.buffer && offset === ref.offset && size === ref.size,
    );
    if (other) same.set(name, other[0]);
  }
  const joined = joinKernels(a.kernel, b.kernel, same, traits.storageBuffers);
  if (!joined) return undefined;
  const buffers = { ...a.buffers };
  for (const [name, ref] of Object.entries(b.buffers)) buffers[joined.names.get(name) ?? name] = ref;
  const layer = [...new Set([a.layer, b.layer])].join(', ');
  return new PlannedDispatch(joined.kernel, layer, buffers, a.launched, [a, b]);
}

/**
 * The same backward pass in fewer launches. The gradients of weights are needed only in the update, so each shares a launch with
 * whatever the pass computes next. Each dispatch goes to the earliest launch that follows what it depends on.
 */
export function joinLaunches(dispatches: readonly PlannedDispatch[], traits: Traits): PlannedDispatch[] {
  const launches: PlannedDispatch[] = [];
  const aside = forUpdate(dispatches);
  for (const one of dispatches) {
    const earliest = launches.findLastIndex((other) => depends(one, other)) + 1;
    let joined: PlannedDispatch | undefined;
    for (let at = earliest; at < launches.length && !joined; at++) {
      const other = launches[at]!;
      if (other.parts.length > 1 || !(aside.has(one) || aside.has(other))) continue;
      joined = joinDispatches(other, one, traits);
      if (joined) launches[at] = joined;
    }
    if (!joined) launches.push(one);
  }
  return launches;
}
