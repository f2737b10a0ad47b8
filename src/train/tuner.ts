import type { Gpu } from '../gpu/device.ts';
import { type CompiledKernel, KernelCache, specialize, type Variant } from '../gpu/kernel.ts';
import { Memory } from '../gpu/memory.ts';
import { medianAndSpread, timePasses } from '../gpu/pass_times.ts';
import { bind } from '../gpu/recording.ts';
import { isSameVariant, type KernelVariants, variantKey } from '../gpu/variants.ts';
import type { TunableKernel } from '../plan/planner.ts';

/** A variant as the tuner timed it. */
export interface TimedVariant {
  /** Tile sizes and the like. */
  variant: Variant;
  /** Median of the rounds, without the time of an empty pass. */
  microseconds: number;
  /** The distance between the quartiles of the rounds. */
  spreadMicroseconds: number;
}

/** What the tuner found for a kernel at a shape. */
export interface TunedKernel {
  /** The name of the kernel. */
  kernel: string;
  /** What it was launched for. */
  shape: object;
  /** A checksum of the text of all variants: a change of the shader makes the times void. */
  text: string;
  /** Every variant that the adapter can run, its default first. */
  timings: TimedVariant[];
  /** The fastest; the default where none is faster by more than the spread. */
  chosen: Variant;
  /** How many rounds were timed: times of fewer rounds are not taken in place of more. */
  rounds: number;
}

/** What tuning gave. */
export interface Tuning {
  /** The kernels of the plan that have several variants. Those that there was no time for are left out. */
  kernels: TunedKernel[];
  /** Kernels of the plan that were left in their default variant because the time was over or the tuner was stopped. */
  left: number;
  /** How many of the kernels came from the cache. */
  fromCache: number;
  /** Seconds that it took, compilation of the variants included. */
  seconds: number;
}

/** How long and how exactly the tuner measures. */
export interface TunerOptions {
  /** `'auto'` takes a second in all, `'full'` as long as it needs, with more rounds. */
  mode: 'auto' | 'full';
  /** What was found earlier on this adapter; what its shaders have changed is not taken. */
  known?: readonly TunedKernel[];
  /** Ends it after the kernel that is being timed. */
  signal?: AbortSignal;
  /** Called after each kernel, so that whoever stops the process has what there is. */
  onKernel?: (tuned: TunedKernel) => void;
}

/** Seconds in all, and rounds of each kernel. */
const efforts = { auto: { seconds: 1, rounds: 5 }, full: { seconds: Infinity, rounds: 15 } };

/**
 * Times every variant of the kernels of a plan on the device, those with the most arithmetic first. Each kernel's variants take
 * turns, over buffers of zeros.
 *
 * @throws SetupError where the device has no timestamps.
 */
export async function tuneKernels(
  gpu: Gpu,
  tunable: ReadonlyMap<string, TunableKernel>,
  { mode, known = [], signal, onKernel }: TunerOptions,
): Promise<Tuning> {
  const begun = performance.now();
  const { seconds: most, rounds } = efforts[mode];
  const isOver = () => signal?.aborted === true || gpu.failure.aborted || performance.now() - begun > 1000 * most;
  const earlier = new Map(known.map((tuned) => [tunedKey(tuned), tuned]));
  const kernels: TunedKernel[] = [];
  let fromCache = 0;
  let left = 0;
  const flops = ({ kernel, shape }: TunableKernel) => kernel.cost(shape).flops;
  for (const [key, one] of [...tunable].sort(([, a], [, b]) => flops(b) - flops(a))) {
    const cached = earlier.get(key);
    const text = textOf(one, gpu);
    if (cached?.text === text && cached.rounds >= rounds) {
      kernels.push(cached);
      fromCache++;
    } else if (isOver()) left++;
    else {
      const tuned = { ...(await timeVariants(gpu, one, rounds, () => !isOver())), text };
      // Time ran out amid its rounds: fewer have no spread to tell a difference from noise.
      if (tuned.rounds < rounds) left++;
      else {
        kernels.push(tuned);
        onKernel?.(tuned);
      }
    }
  }
  return { kernels, left, fromCache, seconds: (performance.now() - begun) / 1000 };
}

/** The choices that differ from the adapter's defaults: what a run's options record. */
export function chosenVariants({ kernels }: Pick<Tuning, 'kernels'>): KernelVariants {
  const others = kernels.filter(({ chosen, timings }) => !isSameVariant(chosen, timings[0]!.variant));
  return Object.fromEntries(others.map((tuned) => [tunedKey(tuned), tuned.chosen]));
}

/** The key of what was timed, as in `KernelVariants`. */
export const tunedKey = ({ kernel, shape }: TunedKernel): string => variantKey({ name: kernel }, shape);

const variantsOf = ({ kernel, shape }: TunableKernel, { traits }: Gpu): Variant[] => kernel.variants!(shape, traits);

/** FNV-1a of the rendered text of all variants. */
function textOf(one: TunableKernel, gpu: Gpu): string {
  let hash = 0x811c9dc5;
  for (const variant of variantsOf(one, gpu)) {
    const { text, workgroups } = specialize(one.kernel, one.shape, gpu.traits, variant);
    for (const character of text + workgroups) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
  }
  return hash.toString(16).padStart(8, '0');
}

async function timeVariants(
  gpu: Gpu,
  { kernel, shape }: TunableKernel,
  rounds: number,
  mayContinue: () => boolean,
): Promise<Omit<TunedKernel, 'text'>> {
  const launches = variantsOf({ kernel, shape }, gpu).map((variant) => ({ kernel, shape, variant }));
  const { timings, rounds: timed } = await timeLaunches(gpu, launches, rounds, mayContinue);
  return { kernel: kernel.name, shape, timings, chosen: fastestOf(timings), rounds: timed };
}

/**
 * Times ways to compute the same: they take turns, over the same buffers of zeros.
 *
 * @param mayContinue asked before each round after the first.
 * @throws SetupError where the device has no timestamps.
 */
export async function timeLaunches(
  gpu: Gpu,
  launches: readonly (TunableKernel & { variant: Variant })[],
  rounds: number,
  mayContinue?: () => boolean,
): Promise<{ timings: TimedVariant[]; rounds: number }> {
  const memory = new Memory(gpu.device);
  try {
    const cache = new KernelCache(gpu.device, gpu.traits);
    const compiled = await Promise.all(
      launches.map(({ kernel, shape, variant }) => cache.compile(kernel, shape, variant)),
    );
    const buffers = buffersFor(memory, compiled);
    const passes = compiled.map((each) => [
      bind(gpu.device, each, '', Object.fromEntries(each.bindings.map(({ name }) => [name, buffers.get(name)!]))),
    ]);
    const { microseconds, repeats } = await timePasses(gpu, memory, [...passes, []], rounds, mayContinue);
    const empty = medianAndSpread(microseconds.at(-1)!).median;
    const timings = launches.map(({ variant }, i): TimedVariant => {
      const { median, spread } = medianAndSpread(microseconds[i]!);
      return { variant, microseconds: Math.max(0, median - empty / repeats[i]!), spreadMicroseconds: spread };
    });
    // A short pass may have rounds that a rounded clock gave nothing for.
    const timed = Math.max(...microseconds.map(({ length }) => length));
    return { timings, rounds: timed };
  } finally {
    memory.dispose();
  }
}

/** One buffer for each binding, as large as the variant needs that needs most of it. */
function buffersFor(memory: Memory, compiled: readonly CompiledKernel[]) {
  const most = new Map<string, number>();
  for (const { elements } of compiled) {
    for (const [name, count] of Object.entries(elements)) most.set(name, Math.max(most.get(name) ?? 0, count));
  }
  return new Map([...most].map(([name, count]) => [name, memory.storage(`tuner.${name}`, count)]));
}

/** The variant with the smallest median; the default, the first, unless the difference is beyond both spreads' halves. */
export function fastestOf(timings: readonly TimedVariant[]): Variant {
  const [byDefault, ...others] = timings;
  let best = byDefault!;
  for (const each of others) {
    const noise = (each.spreadMicroseconds + byDefault!.spreadMicroseconds) / 2;
    const isFaster = each.microseconds > 0 && each.microseconds + noise < byDefault!.microseconds;
    if (isFaster && each.microseconds < best.microseconds) best = each;
  }
  return best.variant;
}
