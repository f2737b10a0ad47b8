import type { Gpu } from '../gpu/device.ts';
import type { KernelVariants } from '../gpu/variants.ts';
import { tunableKernels } from './engine.ts';
import { fillOptions, type TrainerOptions } from './trainer_options.ts';
import type { TunerOptions, Tuning } from './tuner.ts';

/** Options of `tune`. */
export interface TuneOptions extends Pick<TunerOptions, 'signal'> {
  /** `'auto'`, the default, takes about a second in all; `'full'` as long as all variants take, with more rounds. */
  mode?: 'auto' | 'full';
  /** What an earlier call returned as `cache`. */
  cache?: string;
  /** Called after each kernel with a newer `cache`: whoever is interrupted has what there is. */
  onProgress?: (cache: string) => void;
}

/** What `tune` found. */
export interface TuneResult extends Tuning {
  /** The choices other than the adapter's defaults, for `createTrainer`'s `kernelVariants`. */
  variants: KernelVariants;
  /** For the next call: all times by adapter, driver, browser and text of the kernels, as JSON. */
  cache: string;
  /** Why the cache that was given was not used. */
  discarded?: string;
}

/**
 * Times the variants of every kernel that a trainer with these options would launch, on the device, and says which are the
 * fastest. Pass `variants` to `createTrainer` as `kernelVariants`: runs with the same ones have the same bits.
 *
 * @example
 * const { variants } = await tune(gpu, { model, batchSize: 256 });
 * const trainer = createTrainer(gpu, { model, batchSize: 256, kernelVariants: variants });
 *
 * @throws ConfigurationError as `createTrainer` does. SetupError where the device has no timestamps.
 */
export async function tune(gpu: Gpu, options: TrainerOptions, how: TuneOptions = {}): Promise<TuneResult> {
  const kernels = await tunableKernels(gpu, fillOptions(options));
  // Loaded on demand.
  const { tuneWithCache } = await import('./cached_tuning.ts');
  return tuneWithCache(gpu, kernels, how);
}
