import type { Gpu } from '../gpu/device.ts';
import { Memory } from '../gpu/memory.ts';
import { type Ceilings, rooflineShare } from '../gpu/roofline.ts';
import { isSameVariant } from '../gpu/variants.ts';
import { loadFurtherTraining } from '../plan/loaded_training.ts';
import type { DatasetFacts } from '../plan/plan_input.ts';
import { measureCeilings } from '../train/measure_ceilings.ts';
import { stepLaunches } from '../train/plan_training.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import { type TimedVariant, timeLaunches } from '../train/tuner.ts';
import { kernelCases } from './kernel_cases.ts';
import { type ChosenLaunch, chooseLaunches, type LaunchChoice } from './kernel_launches.ts';

/** The network whose shapes are the defaults. */
export interface TimedNetwork {
  trainer: TrainerOptions;
  /** The data set, as far as the plan of a step depends on it. */
  dataset: DatasetFacts;
}

/** A variant, and what its time amounts to. */
export interface TimedLaunch extends TimedVariant {
  /** Billions of floating-point operations a second, by the formula of the kernel. */
  gflops: number;
  /** Billions of bytes a second, each element counted once. */
  gbps: number;
  /** See `rooflineShare`. */
  rooflineShare: number;
  /** The variant that the network runs it in. */
  isUsed: boolean;
}

/** A kernel at a shape, timed alone in its variants. */
export interface TimedKernel {
  kernel: string;
  /** Whether the network launches this kernel, if at another shape. */
  isOfNetwork: boolean;
  layers: string[];
  shape: object;
  flops: number;
  bytes: number;
  timings: TimedLaunch[];
}

/** What `wgrad profile --kernel` measures. */
export interface KernelTimes {
  kernels: TimedKernel[];
  ceilings: Ceilings;
}

/** The launches of a network's step that a choice names; of a kernel that it does not launch, those of its checks. */
export async function launchesFor(
  gpu: Gpu,
  { trainer, dataset }: TimedNetwork,
  choice: LaunchChoice,
): Promise<ChosenLaunch[]> {
  await loadFurtherTraining();
  const step = await stepLaunches(trainer, dataset, { traits: gpu.traits, limits: new Memory(gpu.device) });
  return chooseLaunches(step, kernelCases(), choice, gpu.traits);
}

/**
 * Times one kernel alone, all its variants in turns, at the shapes that a network has or at another one.
 *
 * @throws ConfigurationError as `chooseLaunches` does, and for buffers that are too large. SetupError where the device has no timestamps.
 */
export async function timeKernel(
  gpu: Gpu,
  network: TimedNetwork,
  choice: LaunchChoice,
  rounds: number,
): Promise<KernelTimes> {
  const chosen = await launchesFor(gpu, network, choice);
  const ceilings = await measureCeilings(gpu);
  const kernels: TimedKernel[] = [];
  for (const { kernel, shape, layers, variants, used, isOfNetwork } of chosen) {
    const { timings } = await timeLaunches(
      gpu,
      variants.map((variant) => ({ kernel, shape, variant })),
      rounds,
    );
    const { flops, bytes } = kernel.cost(shape);
    const rate = (amount: number, microseconds: number) => (microseconds ? amount / microseconds / 1000 : 0);
    kernels.push({
      ...{ kernel: kernel.name, isOfNetwork, layers, shape, flops, bytes },
      timings: timings.map((timing) => ({
        ...timing,
        gflops: rate(flops, timing.microseconds),
        gbps: rate(bytes, timing.microseconds),
        rooflineShare: rooflineShare({ flops, bytes, microseconds: timing.microseconds }, ceilings),
        isUsed: isSameVariant(timing.variant, used),
      })),
    });
  }
  return { kernels, ceilings };
}
