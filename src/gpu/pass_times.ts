import { SetupError } from '../errors.ts';
import type { Gpu } from './device.ts';
import type { Memory } from './memory.ts';
import { readStaging } from './readback.ts';
import { type Recording, replay } from './recording.ts';
import { submit } from './submission.ts';

/** Result of `timePasses`. */
export interface PassTimes {
  /** For each pass, the microseconds of one repetition in each round. Rounds in which the clock didn't advance are omitted. */
  microseconds: number[][];
  /** How often each pass repeated its dispatches between its two timestamps. */
  repeats: number[];
  /** Resolution of the timestamps in nanoseconds; 1 if they are not rounded. */
  resolutionNs: number;
}

/** Known timestamp resolutions in nanoseconds: Dawn masks 16 bits, Chrome documents 100 microseconds. */
const knownRoundings = [100_000n, 65_536n];
/** A rounded clock is off by up to one tick, so a pass of 20 ticks is off by at most 5 %. */
const ticksWanted = 20;

/**
 * Times passes with the GPU's own clock. If timestamps are rounded, a short pass is repeated until the rounding is negligible.
 * Every round runs all passes, so that a temporary slowdown of the machine affects all of them alike.
 *
 * @param passes the dispatches of each pass; an empty one measures the overhead of a pass itself.
 * @param mayContinue called before each round after the first; timing ends when it returns false.
 * @throws SetupError if the device has no timestamps.
 */
export async function timePasses(
  gpu: Gpu,
  memory: Memory,
  passes: readonly Recording[],
  rounds: number,
  mayContinue: () => boolean = () => true,
): Promise<PassTimes> {
  if (!gpu.timestamps) {
    throw new SetupError({
      what: 'This device cannot measure time',
      found: 'no feature "timestamp-query"',
      expected: 'an adapter with this feature',
      fix: 'use Chrome 121 or later, without defaultLimitsOnly',
    });
  }
  const repeats = passes.map(() => 1);
  const first = await timeOnce(gpu, memory, passes, repeats);
  const resolution = knownRoundings.find((ns) => first.stamps.every((stamp) => stamp % ns === 0n)) ?? 1n;
  if (resolution > 1n) {
    // Repeat a pass more often until it is long enough. A pass that read zero is only known to be short.
    const wanted = ticksWanted * Number(resolution);
    const isShort = (ns: number, i: number) => passes[i]!.length > 0 && ns < wanted;
    let measured = first.nanoseconds;
    for (let attempt = 0; attempt < 6 && measured.some(isShort); attempt++) {
      measured.forEach((ns, i) => {
        if (isShort(ns, i)) repeats[i] = Math.ceil(repeats[i]! * Math.min(8, ns ? (1.2 * wanted) / ns : 8));
      });
      measured = (await timeOnce(gpu, memory, passes, repeats)).nanoseconds;
    }
  }
  const microseconds = passes.map(() => [] as number[]);
  for (let round = 0; round < rounds && (round === 0 || mayContinue()); round++) {
    const { nanoseconds } = await timeOnce(gpu, memory, passes, repeats);
    nanoseconds.forEach((ns, i) => {
      if (ns > 0) microseconds[i]!.push(ns / repeats[i]! / 1000);
    });
  }
  return { microseconds, repeats, resolutionNs: Number(resolution) };
}

/** Writes timestamps around each pass, all in one submission. */
async function timeOnce(gpu: Gpu, memory: Memory, passes: readonly Recording[], repeats: readonly number[]) {
  const { device } = gpu;
  const count = 2 * passes.length;
  const querySet = device.createQuerySet({ type: 'timestamp', count });
  const resolved = device.createBuffer({
    label: 'profile.stamps',
    size: 8 * count,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = memory.staging('profile.staging', 8 * count);
  try {
    submit(device, 'profile', ({ encoder }) => {
      passes.forEach((recording, i) => {
        const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
        const label = recording.length === 1 ? recording[0]!.name : `${recording.length} dispatches`;
        const pass = encoder.beginComputePass({ label, timestampWrites });
        for (let r = 0; r < repeats[i]!; r++) replay(pass, recording);
        pass.end();
      });
      encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    });
    const stamps = [...new BigUint64Array(await readStaging(gpu, staging))];
    const nanoseconds = passes.map((_, i) => Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!)));
    return { stamps, nanoseconds };
  } finally {
    querySet.destroy();
    resolved.destroy();
    memory.free(staging);
  }
}

/** Quantile of sorted values with linear interpolation; 0 if there are none. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (at % 1) * (sorted[Math.ceil(at)]! - below);
}

/** Median and interquartile range. */
export function medianAndSpread(values: readonly number[]): { median: number; spread: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), spread: quantile(sorted, 0.75) - quantile(sorted, 0.25) };
}
