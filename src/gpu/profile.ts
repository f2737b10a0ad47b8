import { SetupError } from '../errors.ts';
import type { Gpu } from './device.ts';
import type { Variant } from './kernel.ts';
import type { Memory } from './memory.ts';
import { readStaging } from './readback.ts';
import type { Dispatch, Recording } from './recording.ts';
import { submit } from './submission.ts';

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
  /** The share of the sum over all dispatches, 0 to 1. */
  share: number;
  /** As in the kernel's formula. */
  flops: number;
  /** That the kernel can't avoid to move. */
  bytes: number;
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
  /** The unit that timestamps are multiples of, in nanoseconds; 1 if they are not rounded. */
  timestampResolutionNs: number;
  /** Whether the adapter rounds its timestamps, so that short dispatches take 0. */
  rounded: boolean;
}

/** The units that browsers round timestamps to: Dawn masks 16 bits, Chrome documents 100 microseconds. */
const knownRoundings = [100_000n, 65_536n];
/** A rounded clock is off by up to one tick: a pass of 20 is off by 5 % at most. */
const ticksWanted = 20;

/**
 * Times each dispatch of a recording: a pass of its own between two timestamps, repeated within the pass where the
 * timestamps are rounded. Dispatches run more often than a step would: what they write is not a training's result.
 *
 * @throws SetupError where the device has no timestamps.
 */
export async function profileRecording(
  gpu: Gpu,
  memory: Memory,
  recording: Recording,
  rounds = 5,
): Promise<StepProfile> {
  if (!gpu.timestamps) {
    throw new SetupError({
      what: 'This device measures no time',
      found: 'no feature "timestamp-query"',
      expected: 'an adapter that has it',
      fix: 'use Chrome 121 or later, not with default limits only',
    });
  }
  const repeats = recording.map(() => 1);
  const first = await timeOnce(gpu, memory, recording, repeats);
  const resolution = knownRoundings.find((ns) => first.stamps.every((stamp) => stamp % ns === 0n)) ?? 1n;
  if (resolution > 1n) {
    // Ask for more repeats until a pass is long enough; a pass that read zero is only known to be short.
    const wanted = ticksWanted * Number(resolution);
    let measured = first.nanoseconds;
    for (let attempt = 0; attempt < 6 && measured.some((ns) => ns < wanted); attempt++) {
      for (let i = 0; i < recording.length; i++) {
        if (measured[i]! < wanted)
          repeats[i] = Math.ceil(repeats[i]! * Math.min(8, measured[i]! ? (1.2 * wanted) / measured[i]! : 8));
      }
      measured = (await timeOnce(gpu, memory, recording, repeats)).nanoseconds;
    }
  }
  const times = recording.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    const { nanoseconds } = await timeOnce(gpu, memory, recording, repeats);
    nanoseconds.forEach((ns, i) => {
      if (ns > 0) times[i]!.push(ns / repeats[i]! / 1000);
    });
  }
  const microseconds = times.map(median);
  const stepMicroseconds = microseconds.reduce((sum, us) => sum + us, 0);
  return {
    dispatches: recording.map((dispatch, i) => row(dispatch, microseconds[i]!, stepMicroseconds, repeats[i]!)),
    dispatchesPerStep: recording.length,
    stepMicroseconds,
    timestampResolutionNs: Number(resolution),
    rounded: resolution > 1n,
  };
}

function row(dispatch: Dispatch, microseconds: number, total: number, repeats: number): DispatchProfile {
  const { name, layer, variant, cost, workgroups, wgsl, constants } = dispatch;
  return {
    name,
    layer,
    variant,
    microseconds,
    share: total ? microseconds / total : 0,
    flops: cost.flops,
    bytes: cost.bytes,
    gflops: microseconds ? cost.flops / microseconds / 1000 : 0,
    gbps: microseconds ? cost.bytes / microseconds / 1000 : 0,
    workgroups,
    repeats,
    wgsl,
    constants,
  };
}

/** Timestamps around one pass a dispatch, all in one submission. */
async function timeOnce(gpu: Gpu, memory: Memory, recording: Recording, repeats: readonly number[]) {
  const { device } = gpu;
  const count = 2 * recording.length;
  const querySet = device.createQuerySet({ type: 'timestamp', count });
  const resolved = device.createBuffer({
    label: 'profile.stamps',
    size: 8 * count,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = memory.staging('profile.staging', 8 * count);
  try {
    submit(device, 'profile', ({ encoder }) => {
      recording.forEach((dispatch, i) => {
        const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
        const pass = encoder.beginComputePass({ label: dispatch.name, timestampWrites });
        pass.setPipeline(dispatch.pipeline);
        pass.setBindGroup(0, dispatch.bindGroup);
        for (let r = 0; r < repeats[i]!; r++) pass.dispatchWorkgroups(...dispatch.workgroups);
        pass.end();
      });
      encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    });
    const stamps = [...new BigUint64Array(await readStaging(gpu, staging))];
    const nanoseconds = recording.map((_, i) => Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!)));
    return { stamps, nanoseconds };
  } finally {
    querySet.destroy();
    resolved.destroy();
    memory.free(staging);
  }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (!sorted.length) return 0;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
