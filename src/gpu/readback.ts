import type { Gpu } from './device.ts';
import type { Memory, Slice } from './memory.ts';
import { submit } from './submission.ts';
import { unlessAborted } from './unless_aborted.ts';

/**
 * Waits for the GPU, then returns a copy of the first bytes of a staging buffer and unmaps it.
 *
 * @param prompts submit something empty at short intervals while waiting: Firefox checks for finished work only every 100 ms and whenever
 * something is submitted.
 * @throws DeviceLostError
 */
export async function readStaging(
  gpu: Gpu,
  staging: GPUBuffer,
  bytes = staging.size,
  prompts = false,
): Promise<ArrayBuffer> {
  const timer = prompts ? setInterval(() => gpu.device.queue.submit([]), 5) : 0;
  try {
    await unlessAborted(staging.mapAsync(GPUMapMode.READ, 0, bytes), gpu.failure);
    // The buffer may no longer be mapped if the device was disposed of in the meantime.
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    return copy;
  } catch (error) {
    // A lost device may abort the mapping before the loss itself is reported; a rejected mapping is also reported as an
    // uncaptured error.
    await unlessAborted(gpu.lost, gpu.failure);
    throw gpu.failure.reason ?? error;
  } finally {
    clearInterval(timer);
  }
}

/** Reads slices once, in one submission, and waits for them. Too slow for use in a training step. */
export async function readSlices(gpu: Gpu, memory: Memory, slices: readonly Slice[]): Promise<ArrayBuffer[]> {
  const total = slices.reduce((sum, slice) => sum + slice.size, 0);
  const staging = memory.staging('readback', total);
  try {
    let at = 0;
    submit(gpu.device, 'readback', (work) => {
      for (const slice of slices) {
        work.copy(slice, { buffer: staging, offset: at });
        at += slice.size;
      }
    });
    const bytes = await readStaging(gpu, staging);
    at = 0;
    return slices.map((slice) => {
      const part = bytes.slice(at, at + slice.size);
      at += slice.size;
      return part;
    });
  } finally {
    memory.free(staging);
  }
}
