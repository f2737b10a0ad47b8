import type { Gpu } from '../gpu/device.ts';
import { Memory } from '../gpu/memory.ts';
import { type Ceilings, rooflineShare } from '../gpu/roofline.ts';
import { isSameVariant } from '../gpu/variants.ts';
import { loadFurtherTraining } from '../plan/loaded_training.ts';
import type { DatasetFacts } from '../plan/plan_input.ts';
import { measureCeilings } from '../train/measure_ceilings.ts';
import { stepLaunches } from '../train/plan_training.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import { compilable, type FailedVariant, specialized, type TimedVariant, timeLaunches } from '../train/tuner.ts';
import { kernelCases } from './kernel_cases.ts';
import { type ChosenLaunch, chooseLaunches, type LaunchChoice } from './kernel_launches.ts';

/** The network whose shapes are used by default. */
export interface TimedNetwork {
  trainer: TrainerOptions;
  /** The facts about the data set on which the plan of a step depends. */
  dataset: DatasetFacts;
}

/** A variant with the throughput derived from its time. */
export interface TimedLaunch extends TimedVariant {
  /** Billions of floating-point operations per second, by the kernel's cost formula. */
  gflops: number;
  /** Billions of bytes per second, counting each element once. */
  gbps: number;
  /** See `rooflineShare`. */
  rooflineShare: number;
  /** Whether the network uses this variant. */
  isUsed: boolean;
}

/** Times of a kernel at one shape, measured separately in each of its variants. */
export interface TimedKernel {
  kernel: string;
  /** Whether the network launches this kernel, possibly at another shape. */
  isOfNetwork: boolean;
  layers: string[];
  shape: object;
  flops: number;
  bytes: number;
  timings: TimedLaunch[];
  /** Variants that do not compile on this adapter; omitted if there are none. */
  failed?: FailedVariant[];
}

/** The measurements of `wgrad profile --kernel`. */
export interface KernelTimes {
  kernels: TimedKernel[];
  ceilings: Ceilings;
}

/** The launches of a network's step that match a choice; for a kernel that the step does not launch, those of its checks. */
export async function launchesFor(
  gpu: Gpu,
  { trainer, dataset }: TimedNetwork,
  choice: LaunchChoice,
): Promise<ChosenLaunch[]> {
  await loadFurtherTraining();
  const step = await stepLaunches(trainer, dataset, { traits: gpu.traits, limits: new Memory(gpu.device) });
  return chooseLaunches(step, kernelCases(gpu.traits), choice, gpu.traits);
}

/**
 * Times a single kernel, alternating between its variants, at the network's shapes or at another one.
 *
 * @throws ConfigurationError as `chooseLaunches` does, and if the buffers would be too large. SetupError if the device has no
 *   timestamps. ShaderError if no variant compiles.
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
  for (const one of chosen) {
    const { kernel, shape, layers, variants, used, isOfNetwork } = one;
    const { launches, failed, causes } = await compilable(gpu, one, variants);
    if (launches.length === 0) throw causes[0];
    const { timings } = await timeLaunches(gpu, launches, rounds);
    const { flops, bytes } = specialized(one, gpu, used).cost;
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
      ...(failed.length > 0 && { failed }),
    });
  }
  return { kernels, ceilings };
}
