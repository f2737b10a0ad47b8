import type { Gpu } from '../gpu/device.ts';
import { Memory } from '../gpu/memory.ts';
import { RecordReader } from '../health/records.ts';
import { loadAugmentation } from '../plan/load_augmentation.ts';
import { loadKernels } from '../plan/load_kernels.ts';
import { Planner } from '../plan/planner.ts';
import { planSteps } from '../plan/steps.ts';
import { fillOptions, type TrainerOptions, withAugmentation } from './trainer_options.ts';
import type { TuneOptions, TuneResult } from './tune.ts';
import { chosenVariants, type Tuning, tuneKernels } from './tuner.ts';
import { formatTuningCache, machineOf, readTuningCache } from './tuning_cache.ts';

/** Implements `tune`, whose docstring has the details. */
export async function tuneTrainer(
  gpu: Gpu,
  options: TrainerOptions,
  { mode = 'auto', cache = '', signal, onProgress }: TuneOptions,
): Promise<TuneResult> {
  const given = fillOptions(options);
  await Promise.all([loadKernels(given), loadAugmentation(given.inputView.augmentation)]);
  const settings = withAugmentation(given);
  const memory = new Memory(gpu.device);
  const planner = new Planner(gpu.traits, memory);
  planSteps(planner, settings, new RecordReader(settings.model, settings.health, settings));
  const machine = machineOf(gpu);
  const { kernels: known, discarded } = cache ? readTuningCache(cache, machine) : { kernels: [] };
  const found: Tuning['kernels'] = [];
  const tuning = await tuneKernels(gpu, planner.tunable, {
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
