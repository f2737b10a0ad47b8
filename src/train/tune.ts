import type { Gpu } from '../gpu/device.ts';
import type { KernelVariants } from '../gpu/variants.ts';
import { tunableKernels } from './plan_engine.ts';
import { fillOptions, type TrainerOptions } from './trainer_options.ts';
import type { TunerOptions, Tuning } from './tuner.ts';

/** Options of `tune`. */
export interface TuneOptions extends Pick<TunerOptions, 'signal'> {
  /** `'auto'`, the default, takes about a second in total; `'full'` times all variants in more rounds, however long that takes. */
  mode?: 'auto' | 'full';
  /** The `cache` returned by an earlier call. */
  cache?: string;
  /** Called after each kernel with an updated `cache`, so that an interrupted caller keeps the results so far. */
  onProgress?: (cache: string) => void;
}

/** Result of `tune`. */
export interface TuneResult extends Tuning {
  /** The choices that differ from the adapter's defaults, for `createTrainer`'s `kernelVariants`. */
  variants: KernelVariants;
  /** For the next call: all times by adapter, driver, browser and text of the kernels, as JSON. */
  cache: string;
  /** Why the given cache was not used. */
  discarded?: string;
}

/**
 * Times the variants of every kernel that a trainer with these options would launch, on the device, and chooses the fastest.
 * Pass `variants` to `createTrainer` as `kernelVariants`: runs with the same variants give bit-identical results.
 *
 * @example
 * const { variants } = await tune(gpu, { model, batchSize: 256 });
 * const trainer = createTrainer(gpu, { model, batchSize: 256, kernelVariants: variants });
 *
 * @throws ConfigurationError as `createTrainer` does; SetupError if the device has no timestamps.
 */
export async function tune(gpu: Gpu, options: TrainerOptions, how: TuneOptions = {}): Promise<TuneResult> {
  const kernels = await tunableKernels(gpu, fillOptions(options));
  // Loaded on demand.
  const { tuneWithCache } = await import('./cached_tuning.ts');
  return tuneWithCache(gpu, kernels, how);
}
