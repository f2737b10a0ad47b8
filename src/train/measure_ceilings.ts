import type { Gpu } from '../gpu/device.ts';
import { type CompiledKernel, KernelCache } from '../gpu/kernel.ts';
import { Memory } from '../gpu/memory.ts';
import { timePasses } from '../gpu/pass_times.ts';
import { bind } from '../gpu/recording.ts';
import type { Ceilings } from '../gpu/roofline.ts';
import { ceilingShapes, copyWords, multiplyAdd } from '../kernels/ceilings.ts';

/** The best of this many rounds is used, because a disturbance can only make a round slower. */
const rounds = 7;

/** Measures the peak rates of an adapter; see `Ceilings`. @throws SetupError if the device has no timestamps. */
export async function measureCeilings(gpu: Gpu): Promise<Ceilings> {
  const memory = new Memory(gpu.device);
  try {
    const cache = new KernelCache(gpu.device, gpu.traits);
    const { arithmetic, memory: copied } = ceilingShapes(gpu.traits);
    const kernels = await Promise.all([cache.compile(multiplyAdd, arithmetic), cache.compile(copyWords, copied)]);
    const dispatchOf = (kernel: CompiledKernel) => {
      const buffers = Object.entries(kernel.elements).map(([name, n]) => [name, memory.storage(name, n)] as const);
      return bind(gpu.device, kernel, '', Object.fromEntries(buffers));
    };
    const { microseconds } = await timePasses(
      gpu,
      memory,
      kernels.map((kernel) => [dispatchOf(kernel)]),
      rounds,
    );
    const [arithmeticTime, copyTime] = microseconds.map((times) => Math.min(...times));
    const [{ cost }, { cost: copyCost }] = kernels;
    return { gflops: cost.flops / arithmeticTime! / 1000, gbps: copyCost.bytes / copyTime! / 1000 };
  } finally {
    memory.dispose();
  }
}
