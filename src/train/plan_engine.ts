import type { Gpu } from '../gpu/device.ts';
import { Memory } from '../gpu/memory.ts';
import { RecordReader } from '../health/records.ts';
import { loadAugmentation } from '../plan/load_augmentation.ts';
import { loadJointLaunches, loadKernels, loadVariants } from '../plan/load_kernels.ts';
import { Planner, type TunableKernel } from '../plan/planner.ts';
import type { Settings } from '../plan/settings.ts';
import { withAugmentation } from './trainer_options.ts';

/** Plans the steps of an engine. Loads the code that the settings need first, and with `allVariants` what the tuner needs. */
export async function planEngine(gpu: Gpu, given: Settings, memory: Memory, allVariants?: boolean) {
  const [joint, further, planSteps] = await Promise.all([
    loadJointLaunches(gpu.traits),
    loadVariants(given, allVariants),
    loadKernels(given),
    loadAugmentation(given.inputView.augmentation),
  ]);
  const settings = withAugmentation(given);
  const reader = new RecordReader(settings.model, settings.health, settings);
  const planner = new Planner(gpu.traits, memory, settings.kernelVariants, joint, further);
  return { settings, reader, planner, stepPlan: planSteps(planner, settings, reader) };
}

/** The kernels with several variants that a trainer with these settings launches. */
export const tunableKernels = async (gpu: Gpu, settings: Settings): Promise<ReadonlyMap<string, TunableKernel>> =>
  (await planEngine(gpu, settings, new Memory(gpu.device), true)).planner.tunable;

/** A warning for each of the settings' variants that fits no kernel of the network. */
export const variantWarnings = async (gpu: Gpu, settings: Settings): Promise<string[]> =>
  warningsOf((await planEngine(gpu, settings, new Memory(gpu.device))).planner);

/** A warning for each chosen variant that fits none of the planned kernels. */
export async function warningsOf({ chosen, fitting }: Planner): Promise<string[]> {
  if (Object.keys(chosen).every((key) => fitting.has(key))) return [];
  const { unmatchedVariants } = await import('../gpu/unmatched_variants.ts'); // loaded on demand
  return unmatchedVariants(chosen, [...fitting]);
}
