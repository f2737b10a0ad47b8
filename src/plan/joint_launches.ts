import type { Traits } from '../gpu/device.ts';
import { chainKernels, type Joined, joinKernels, workgroupSize } from '../gpu/join.ts';
import { specialize } from '../gpu/kernel.ts';
import { product } from '../product.ts';
import type { LossChain } from './phases.ts';
import { type BufferRef, PlannedDispatch } from './planner.ts';

const overlap = (a: BufferRef, b: BufferRef) =>
  a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;

/** True if one writes to a buffer that the other reads, even in a different range, because a launch may not bind a buffer for both. */
const clash = (a: PlannedDispatch, b: PlannedDispatch) =>
  [
    [a, b],
    [b, a],
  ].some(([x, y]) => x!.writes.some(({ buffer }) => y!.reads.some((other) => other.buffer === buffer)));

/** True if one writes memory that the other reads or writes, so that their order matters. */
const depends = (a: PlannedDispatch, b: PlannedDispatch) =>
  [
    [a, b],
    [b, a],
  ].some(([x, y]) => x!.writes.some((ref) => Object.values(y!.buffers).some((other) => overlap(ref, other))));

/** The same dispatch with `size` invocations per workgroup, if its kernel allows that. */
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

/** Two dispatches in one launch or, if they can't share one, in two launches. Neither may depend on the other. */
export const inOneLaunch = (a: PlannedDispatch, b: PlannedDispatch, traits: Traits): PlannedDispatch[] => {
  const joined = joinDispatches(a, b, traits);
  return joined ? [joined] : [a, b];
};

function joinDispatches(a: PlannedDispatch, second: PlannedDispatch, traits: Traits): PlannedDispatch | undefined {
  if (clash(a, second)) return undefined;
  const b = resized(second, workgroupSize(a.kernel), traits);
  return asOne(a, b, joinKernels(a.kernel, b.kernel, sharedBy(a, b), traits.storageBuffers));
}

/** The bindings of `b` with the same range of a buffer as one of `a`, with the latter's name. */
function sharedBy(a: PlannedDispatch, b: PlannedDispatch): Map<string, string> {
  const same = new Map<string, string>();
  for (const [name, ref] of Object.entries(b.buffers)) {
    const other = Object.entries(a.buffers).find(
      ([, { buffer, offset, size }]) => buffer === ref.buffer && offset === ref.offset && size === ref.size,
    );
    if (other) same.set(name, other[0]);
  }
  return same;
}

function asOne(a: PlannedDispatch, b: PlannedDispatch, joined: Joined | undefined): PlannedDispatch | undefined {
  if (!joined) return undefined;
  const buffers = { ...a.buffers };
  for (const [name, ref] of Object.entries(b.buffers)) buffers[joined.names.get(name) ?? name] = ref;
  const layer = [...new Set([a.layer, b.layer])].filter(Boolean).join(', ');
  return new PlannedDispatch(joined.kernel, layer, buffers, a.launched, [...a.parts, ...b.parts]);
}

/** Maximum number of workgroups of a kernel in a chain: they run one after the other, which must take less time than a launch. */
const mostInARow = 4;
const chainInvocations = 64;

const isShort = (one: PlannedDispatch, traits: Traits) =>
  product(resized(one, chainInvocations, traits).kernel.workgroups) <= mostInARow;

/** Two dispatches in one workgroup, which runs `b` after `a`. */
function chainOf(a: PlannedDispatch, b: PlannedDispatch, traits: Traits): PlannedDispatch | undefined {
  if (!depends(a, b) || !isShort(b, traits)) return undefined;
  const [first, second] = [resized(a, chainInvocations, traits), resized(b, chainInvocations, traits)];
  const joined = chainKernels(first.kernel, second.kernel, sharedBy(first, second), traits.storageBuffers);
  const chain = asOne(first, second, joined);
  // A launch may not bind a buffer for both.
  const written = new Set(chain?.writes.map(({ bound }) => bound.buffer));
  return chain?.reads.some(({ bound }) => written.has(bound.buffer)) ? undefined : chain;
}

/** The losses that can share a launch with the last dispatch of the forward pass, the first of the backward pass or both. */
export const chainLosses = (
  { forward, backward }: Record<'forward' | 'backward', readonly PlannedDispatch[]>,
  losses: readonly PlannedDispatch[],
  traits: Traits,
): LossChain<PlannedDispatch>[] =>
  losses.flatMap((loss) => {
    const [last, first] = [forward.at(-1), backward[0]];
    const before = last?.parts.length === 1 ? chainOf(last, loss, traits) : undefined;
    const after = first?.parts.length === 1 ? chainOf(before ?? loss, first, traits) : undefined;
    const launch = after ?? before;
    if (!launch) return [];
    return {
      of: loss,
      forward: [...(before ? forward.slice(0, -1) : forward), launch],
      backward: after ? backward.slice(1) : backward,
    };
  });

const gradientsIn = (refs: readonly BufferRef[]) => refs.filter(({ buffer }) => buffer.kind === 'gradient');

/**
 * True if a launch of both would write the gradient of a layer's output and bind another one that `writer` alone does not bind. Two arenas
 * hold the measured gradients, and a launch must write to one and read from the other (arenas.ts). With more such pairs, two arenas would
 * no longer suffice.
 */
const crowdsArenas = (writer: PlannedDispatch, other: PlannedDispatch) => {
  const bound = Object.values(writer.buffers).map(({ buffer }) => buffer);
  return (
    gradientsIn(writer.writes).length > 0 &&
    gradientsIn(Object.values(other.buffers)).some(({ buffer }) => !bound.includes(buffer))
  );
};

/**
 * Maximum number of dispatches that wait for a launch to share, and maximum number of bytes that one of them reads, because that memory
 * stays in use until then.
 */
const mostWaiting = ({ storageBuffers = 8 }: Traits) => (storageBuffers < 10 ? 0 : 2); // with 8, few pairs fit
const mostBytesWaiting = 2 ** 20;

const isSmall = ({ reads }: PlannedDispatch) =>
  reads.reduce((bytes, { buffer, size }) => bytes + (buffer.pinned || buffer.kind === 'value' ? 0 : size), 0) <=
  mostBytesWaiting;

/** Storage buffers of a loss without options. */
const lossBuffers = 6;

/** True if the loss's launch may include this dispatch, which nothing before it affects. */
const mayBeChained = (dispatches: readonly PlannedDispatch[], at: number, traits: Traits): boolean => {
  const one = dispatches[at];
  return (
    one !== undefined &&
    isShort(one, traits) &&
    // Its gradient is one of the loss's buffers.
    one.kernel.bindings.length - 1 + lossBuffers <= (traits.storageBuffers ?? 8) &&
    !dispatches.slice(0, at).some((other) => depends(one, other))
  );
};

/**
 * The same backward pass in fewer launches. A dispatch that writes no gradient of a layer's output (it usually writes the gradient of a
 * weight) waits for one that does and with which it can share a launch; the remaining ones are joined wherever possible. Each launch comes
 * after everything its dispatches depend on. The first dispatch that writes such a gradient is not joined if the loss's launch may include
 * it.
 */
export function joinLaunches(dispatches: readonly PlannedDispatch[], traits: Traits): PlannedDispatch[] {
  const first = dispatches.findIndex(({ writes }) => gradientsIn(writes).length > 0);
  const alone = mayBeChained(dispatches, first, traits) ? dispatches[first] : undefined;
  const canWait = (one: PlannedDispatch) => one.parts.length === 1 && !gradientsIn(one.writes).length && isSmall(one);
  const launches: PlannedDispatch[] = alone ? [alone] : [];
  /** Joins a dispatch with one of the launches from `begin` up to, but not including, `end`. */
  const isJoined = (one: PlannedDispatch, begin: number, end: number, mayWait: boolean): boolean => {
    for (let at = begin; at < end; at++) {
      const other = launches[at]!;
      if (other === alone || other.parts.length > 1 || crowdsArenas(one, other) || crowdsArenas(other, one)) continue;
      if (mayWait && canWait(one) && canWait(other)) continue;
      const joined = joinDispatches(other, one, traits);
      if (!joined) continue;
      launches[at] = joined;
      return true;
    }
    return false;
  };
  const afterNeeded = (one: PlannedDispatch, end: number) =>
    launches.slice(0, end).findLastIndex((other) => depends(one, other)) + 1;
  for (const one of dispatches) {
    if (one === alone) continue;
    const mayWait = launches.filter(canWait).length < mostWaiting(traits);
    if (!isJoined(one, afterNeeded(one, launches.length), launches.length, mayWait)) launches.push(one);
  }
  for (let at = launches.length - 1; at >= 0; at--) {
    const one = launches[at]!;
    if (one === alone || one.parts.length > 1) continue;
    const next = launches.findIndex((other, i) => i > at && depends(one, other));
    const isShared =
      isJoined(one, afterNeeded(one, at), at, false) ||
      (canWait(one) && isJoined(one, at + 1, next < 0 ? launches.length : next, false));
    if (isShared) launches.splice(at, 1);
  }
  return launches;
}
