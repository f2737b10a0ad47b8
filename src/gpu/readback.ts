import type { Gpu } from './device.ts';
import type { Memory, Slice } from './memory.ts';
import { submit } from './submission.ts';
import { unlessAborted } from './unless_aborted.ts';

/**
 * A copy of the first bytes of a staging buffer, once the GPU is done with it; unmapped again.
 *
 * @throws DeviceLostError
 */
export async function readStaging(gpu: Gpu, staging: GPUBuffer, bytes = staging.size): Promise<ArrayBuffer> {
  try {
    await unlessAborted(staging.mapAsync(GPUMapMode.READ, 0, bytes), gpu.failure);
    // A mapped buffer may be gone again: a caller that waited longer for an earlier one may have disposed of the device.
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    return copy;
  } catch (error) {
    // A lost device may abort the map before the loss is reported; a refused map is reported as an uncaptured error.
    await unlessAborted(gpu.lost, gpu.failure);
    throw gpu.failure.reason ?? error;
  }
}

/** Reads slices back once, in one submission. Waits: not for a training step. */
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
