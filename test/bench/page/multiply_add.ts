import type { Gpu } from '../../../src/gpu/device.ts';
import { type Kernel, KernelCache } from '../../../src/gpu/kernel.ts';
import { Memory } from '../../../src/gpu/memory.ts';
import { bind, replay } from '../../../src/gpu/recording.ts';
import { unlessAborted } from '../../../src/gpu/unless_aborted.ts';
import source from './multiply_add.wgsl?raw';

const groups = 1024;
const invocations = groups * 64;

const multiplyAdd: Kernel<{ rounds: number }> = {
  name: 'multiply_add',
  source,
  constants: ({ rounds }) => ({ rounds }),
  buffers: () => ({ coefficients: 8, y: invocations * 4 }),
  workgroups: () => [groups],
  // Four vec4 a round, a product and a sum each.
  cost: ({ rounds }) => ({ flops: invocations * rounds * 4 * 4 * 2, bytes: invocations * 16 }),
};

/** A measurement lasts at least this long, so that the submission around it counts for little. */
const longEnough = 150;

/** The adapter's ceiling: multiply-adds from registers alone, in GFLOP/s, the best of five measurements. */
export async function multiplyAddRate(gpu: Gpu): Promise<number> {
  const memory = new Memory(gpu.device);
  try {
    const kernel = await new KernelCache(gpu.device, gpu.traits).compile(multiplyAdd, { rounds: 256 });
    const coefficients = memory.upload('coefficients', Float32Array.of(0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1));
    const dispatch = bind(gpu.device, kernel, '', { coefficients, y: memory.storage('y', invocations * 4) });
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
