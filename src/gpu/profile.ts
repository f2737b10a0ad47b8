import type { Gpu } from './device.ts';
import type { Variant } from './kernel.ts';
import type { Memory } from './memory.ts';
import { medianAndSpread, timePasses } from './pass_times.ts';
import type { Dispatch, Recording } from './recording.ts';

/** One dispatch of a step, timed on its own. */
export interface DispatchProfile {
  /** The name of the kernel. */
  name: string;
  /** The layer that it computes for; empty for what belongs to none. */
  layer: string;
  /** How the kernel's work is cut: tile sizes and the like. */
  variant: Variant;
  /** Median of the rounds. */
  microseconds: number;
  /** The distance between the quartiles of the rounds, in microseconds: how far they differ. */
  spreadMicroseconds: number;
  /** Whether the rounds differ so much, by more than a quarter of their median, that the row means little. */
  isNoisy: boolean;
  /** The share of the sum over all dispatches, 0 to 1. */
  share: number;
  /** As in the kernel's formula. */
  flops: number;
  /** Bytes that the kernel has to move. */
  bytes: number;
  /** Arithmetic intensity: floating-point operations for each byte. */
  intensity: number;
  /** Billions of floating-point operations in a second, by the formula of the kernel. */
  gflops: number;
  /** Billions of bytes moved in a second, counting each element once. */
  gbps: number;
  /** Of the dispatch, in three dimensions. */
  workgroups: [number, number, number];
  /** How often it ran in each timed pass. */
  repeats: number;
  /** The text of the shader as it was compiled. */
  wgsl: string;
  /** The values of its override constants: the shapes of this model. */
  constants: Readonly<Record<string, number>>;
}

/** What a step takes. */
export interface StepProfile {
  /** Every dispatch, in order. */
  dispatches: DispatchProfile[];
  /** Number of dispatches in a step. */
  dispatchesPerStep: number;
  /** The dispatches' sum: a pass boundary around each makes it more than the step as it is trained. */
  stepMicroseconds: number;
  /** Median time of the whole step in a single pass, as training runs it, over the same rounds. */
  unprofiledStepMicroseconds: number;
  /** The distance between the quartiles of those. */
  unprofiledSpreadMicroseconds: number;
  /** Rounds that were timed. */
  rounds: number;
  /** The unit that timestamps are multiples of, in nanoseconds; 1 if they are not rounded. */
  timestampResolutionNs: number;
  /** Whether the adapter rounds its timestamps, so that short dispatches take 0. */
  rounded: boolean;
}

/** Rounds that differ by more than this share of their median say little about it. */
const noisyShare = 0.25;

/**
 * Times each dispatch of a recording in a pass of its own, and the recording as a whole in one pass, all of them in every
 * round. Dispatches run more often than a step would: what they write is not a training's result.
 *
 * @throws SetupError where the device has no timestamps.
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
