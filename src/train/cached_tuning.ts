import type { Gpu } from '../gpu/device.ts';
import type { TunableKernel } from '../plan/planner.ts';
import type { TuneOptions, TuneResult } from './tune.ts';
import { chosenVariants, type Tuning, tuneKernels } from './tuner.ts';
import { formatTuningCache, machineOf, readTuningCache } from './tuning_cache.ts';

/** Times the kernel variants that are not in the cache for this machine, and chooses the fastest of all. */
export async function tuneWithCache(
  gpu: Gpu,
  kernels: ReadonlyMap<string, TunableKernel>,
  { mode = 'auto', cache = '', signal, onProgress }: TuneOptions,
): Promise<TuneResult> {
  const machine = machineOf(gpu);
  const { kernels: known, discarded } = cache ? readTuningCache(cache, machine) : { kernels: [] };
  const found: Tuning['kernels'] = [];
  const tuning = await tuneKernels(gpu, kernels, {
    ...{ mode, known },
    ...(signal && { signal }),
    onKernel: (tuned) => {
      found.push(tuned);
      onProgress?.(formatTuningCache(machine, known, found));
    },
  });
  return {
    ...tuning,
    variants: chosenVariants(tuning),
    cache: formatTuningCache(machine, known, found),
    ...(discarded !== undefined && { discarded }),
  };
}
