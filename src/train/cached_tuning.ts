import type { Gpu } from '../gpu/device.ts';
import type { TunableKernel } from '../plan/planner.ts';
import type { TuneOptions, TuneResult } from './tune.ts';
import { chosenVariants, type Tuning, tuneKernels } from './tuner.ts';
import { formatTuningCache, machineOf, readTuningCache, timesOf } from './tuning_cache.ts';

/** Times the kernel variants that are not in the cache for this machine, and chooses the fastest of all. */
export async function tuneWithCache(
  gpu: Gpu,
  kernels: ReadonlyMap<string, TunableKernel>,
  { mode = 'auto', cache = '', signal, onProgress }: TuneOptions,
): Promise<TuneResult> {
  const machine = machineOf(gpu);
  const { machines, discarded } = cache ? readTuningCache(cache) : { machines: [] };
  const found: Tuning['kernels'] = [];
  const tuning = await tuneKernels(gpu, kernels, {
    ...{ mode, known: timesOf(machines, machine) },
    ...(signal && { signal }),
    onKernel: (tuned) => {
      found.push(tuned);
      onProgress?.(formatTuningCache(machines, machine, found));
    },
  });
  return {
    ...tuning,
    variants: chosenVariants(tuning),
    cache: formatTuningCache(machines, machine, found),
    ...(discarded !== undefined && { discarded }),
  };
}
