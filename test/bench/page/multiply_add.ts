import type { Gpu } from '../../../src/gpu/device.ts';
import { KernelCache } from '../../../src/gpu/kernel.ts';
import { Memory } from '../../../src/gpu/memory.ts';
import { bind, replay } from '../../../src/gpu/recording.ts';
import { unlessAborted } from '../../../src/gpu/unless_aborted.ts';
import { multiplyAdd } from '../../../src/kernels/ceilings.ts';

const shape = { groups: 1024, rounds: 256 };

/** Minimum duration of a measurement in ms, so that the overhead of the submission is negligible. */
const longEnough = 150;

/** The adapter's ceiling: multiply-adds on registers only, in GFLOP/s, the best of five measurements. */
export async function multiplyAddRate(gpu: Gpu): Promise<number> {
  const memory = new Memory(gpu.device);
  try {
    const kernel = await new KernelCache(gpu.device, gpu.traits).compile(multiplyAdd, shape);
    const coefficients = memory.upload('coefficients', Float32Array.of(0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1));
    const dispatch = bind(gpu.device, kernel, '', { coefficients, y: memory.storage('y', kernel.elements.y!) });
    const time = async (repeats: number) => {
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      replay(pass, Array(repeats).fill(dispatch));
      pass.end();
      const begun = performance.now();
      gpu.device.queue.submit([encoder.finish()]);
      await unlessAborted(gpu.device.queue.onSubmittedWorkDone(), gpu.failure);
      return performance.now() - begun;
    };
    let repeats = 1;
    while ((await time(repeats)) < longEnough) repeats *= 2;
    let fastest = Infinity;
    for (let i = 0; i < 5; i++) fastest = Math.min(fastest, await time(repeats));
    return (kernel.cost.flops * repeats) / fastest / 1e6;
  } finally {
    memory.dispose();
  }
}
