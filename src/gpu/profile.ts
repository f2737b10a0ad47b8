import type { Gpu } from './device.ts';
import type { Variant } from './kernel.ts';
import type { Memory } from './memory.ts';
import { medianAndSpread, timePasses } from './pass_times.ts';
import type { Dispatch, Recording } from './recording.ts';

/** Timing of one dispatch of a step. */
export interface DispatchProfile {
  /** Name of the kernel. */
  name: string;
  /** Name of the layer it computes for; empty if it belongs to the step as a whole. */
  layer: string;
  /** Parameters of the kernel variant, such as tile sizes. */
  variant: Variant;
  /** Median over the rounds, in microseconds. */
  microseconds: number;
  /** Interquartile range over the rounds, in microseconds. */
  spreadMicroseconds: number;
  /** True if the interquartile range exceeds a quarter of the median, so that the row means little. */
  isNoisy: boolean;
  /** Share of the sum over all dispatches, 0 to 1. */
  share: number;
  /** Floating-point operations, according to the kernel's formula. */
  flops: number;
  /** Minimum number of bytes the kernel must move. */
  bytes: number;
  /** Arithmetic intensity: floating-point operations per byte. */
  intensity: number;
  /** Throughput in GFLOP/s, according to the kernel's formula. */
  gflops: number;
  /** Bandwidth in GB/s, counting each element once. */
  gbps: number;
  /** Number of workgroups in x, y and z. */
  workgroups: [number, number, number];
  /** How often the dispatch ran in each timed pass. */
  repeats: number;
  /** Shader text as compiled. */
  wgsl: string;
  /** Values of the override constants. */
  constants: Readonly<Record<string, number>>;
}

/** Timing of a whole training step. */
export interface StepProfile {
  /** Every dispatch, in execution order. */
  dispatches: DispatchProfile[];
  /** Number of dispatches in a step. */
  dispatchesPerStep: number;
  /** Sum of the dispatches in microseconds. More than the step takes in training, because each dispatch is timed in a separate pass. */
  stepMicroseconds: number;
  /** Median time of the whole step in a single pass, as training runs it, over the same rounds. */
  unprofiledStepMicroseconds: number;
  /** Interquartile range of the same rounds, in microseconds. */
  unprofiledSpreadMicroseconds: number;
  /** Number of timed rounds. */
  rounds: number;
  /** Resolution of the timestamps in nanoseconds; 1 if they are not rounded. */
  timestampResolutionNs: number;
  /** True if the adapter rounds its timestamps, so that short dispatches read 0. */
  rounded: boolean;
}

/** A measurement whose interquartile range exceeds this share of its median is marked as noisy. */
const noisyShare = 0.25;

/**
 * In every round, times each dispatch of a recording in a separate pass, and the whole recording in one pass. Dispatches run more often
 * than in a real step, so their results are not those of training.
 *
 * @throws SetupError if the device has no timestamps.
 */
export async function profileRecording(
  gpu: Gpu,
  memory: Memory,
  recording: Recording,
  rounds = 5,
): Promise<StepProfile> {
  const passes = [...recording.map((dispatch) => [dispatch]), recording];
  const { microseconds, repeats, resolutionNs } = await timePasses(gpu, memory, passes, rounds);
  const times = microseconds.map(medianAndSpread);
  const whole = times.pop()!;
  const stepMicroseconds = times.reduce((sum, { median }) => sum + median, 0);
  return {
    dispatches: recording.map((dispatch, i) => row(dispatch, times[i]!, stepMicroseconds, repeats[i]!)),
    dispatchesPerStep: recording.length,
    stepMicroseconds,
    unprofiledStepMicroseconds: whole.median,
    unprofiledSpreadMicroseconds: whole.spread,
    rounds,
    timestampResolutionNs: resolutionNs,
    rounded: resolutionNs > 1,
  };
}

function row(
  { name, layer, variant, cost, workgroups, wgsl, constants }: Dispatch,
  { median: microseconds, spread }: { median: number; spread: number },
  total: number,
  repeats: number,
): DispatchProfile {
  return {
    name,
    layer,
    variant,
    microseconds,
    spreadMicroseconds: spread,
    isNoisy: spread > noisyShare * microseconds,
    share: total ? microseconds / total : 0,
    flops: cost.flops,
    bytes: cost.bytes,
    intensity: cost.bytes ? cost.flops / cost.bytes : 0,
    gflops: microseconds ? cost.flops / microseconds / 1000 : 0,
    gbps: microseconds ? cost.bytes / microseconds / 1000 : 0,
    workgroups,
    repeats,
    wgsl,
    constants,
  };
}
