import type { Memory, Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Dispatch } from '../gpu/recording.ts';
import type { Slot } from './liveness.ts';
import { BufferRef, type PlanBuffer, PlannedDispatch } from './planner.ts';

/** The type of a plan in which GPU objects replace buffers and dispatches. */
export type Bound<T> = T extends BufferRef
  ? Slice
  : T extends PlannedDispatch
    ? Dispatch
    : T extends ArrayBufferView | ((...given: never[]) => unknown)
      ? T
      : T extends readonly (infer U)[]
        ? Bound<U>[]
        : T extends object
          ? { [K in keyof T]: Bound<T[K]> }
          : T;

/**
 * Creates the GPU objects of a plan: all buffers first, while all kernels compile in parallel, then the rest of `planned`, in
 * which buffers and dispatches are replaced wherever they occur.
 *
 * @throws ShaderError for a shader that doesn't compile; ConfigurationError for a buffer that the device can't bind, or if all
 * buffers together exceed the adapter's memory.
 */
export async function bindPlan<T>(recorder: Recorder, slots: readonly Slot[], planned: T): Promise<Bound<T>> {
  const allocated = allocate(recorder.gpu.device, recorder.memory, slots);
  // The browser compiles kernels on several threads in this order. A slow one at the end would leave the other threads idle.
  const all = dispatchesIn(planned).sort((a, b) => b.kernel.text.length - a.kernel.text.length);
  for (const { kernel } of all) recorder.compile(kernel);
  const made = await allocated;
  const slices = new Map<BufferRef, Slice>();
  const sliceOf = (ref: BufferRef): Slice => {
    let slice = slices.get(ref);
    if (!slice) {
      const { buffer, offset } = ref.bound;
      slice = { buffer: made.get(buffer)!, label: ref.label, offset, size: ref.size, half: ref.half };
      slices.set(ref, slice);
    }
    return slice;
  };
  const dispatches = new Map<PlannedDispatch, Promise<Dispatch>>();
  const dispatchOf = (planned: PlannedDispatch): Promise<Dispatch> => {
    let dispatch = dispatches.get(planned);
    if (!dispatch) {
      const { bindings } = planned.kernel;
      const buffers = Object.fromEntries(bindings.map(({ name }) => [name, sliceOf(planned.buffers[name]!)]));
      dispatch = recorder.dispatchSpecialized(planned.kernel, buffers, planned.layer);
      dispatches.set(planned, dispatch);
    }
    return dispatch;
  };
  const bind = async (value: unknown): Promise<unknown> => {
    if (value instanceof BufferRef) return sliceOf(value);
    if (value instanceof PlannedDispatch) return dispatchOf(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return Promise.all(value.map(bind));
    const entries = Object.entries(value).map(async ([name, part]) => [name, await bind(part)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return (await bind(planned)) as Bound<T>;
}

const dispatchesIn = (value: unknown): PlannedDispatch[] => {
  if (value instanceof PlannedDispatch) return [value];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof BufferRef) return [];
  return Object.values(value).flatMap(dispatchesIn);
};

/** No adapter reports how much memory it has. Creating the buffers is the only test. */
async function allocate(
  device: GPUDevice,
  memory: Memory,
  slots: readonly Slot[],
): Promise<ReadonlyMap<PlanBuffer, GPUBuffer>> {
  const made = new Map<PlanBuffer, GPUBuffer>();
  const refusals: Promise<GPUError | null>[] = [];
  for (const { size, buffers } of slots) {
    const label = buffers.length === 1 ? buffers[0]!.label : `shared (${buffers.map((b) => b.label).join(', ')})`;
    const [first] = buffers;
    device.pushErrorScope('out-of-memory');
    const { buffer } = first!.data ? memory.upload(label, first!.data) : memory.storage(label, size / 4);
    refusals.push(device.popErrorScope());
    for (const one of buffers) made.set(one, buffer);
  }
  // On a lost device this never resolves; the loss is reported elsewhere.
  const refused = await Promise.all(refusals.map((refusal) => refusal.catch(() => null)));
  const at = refused.findIndex((error) => error !== null);
  if (at < 0) return made;
  for (const buffer of new Set(made.values())) memory.free(buffer);
  const { tooLarge } = await import('./too_large.ts'); // loaded on demand
  throw tooLarge(slots, at);
}
