import { ShaderError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { type CompiledKernel, KernelCache, specialize, type Variant } from '../gpu/kernel.ts';
import { Memory } from '../gpu/memory.ts';
import { medianAndSpread, timePasses } from '../gpu/pass_times.ts';
import { bind } from '../gpu/recording.ts';
import { isSameVariant, type KernelVariants, variantKey } from '../gpu/variants.ts';
import type { TunableKernel } from '../plan/planner.ts';

/** The timing of one variant. */
export interface TimedVariant {
  /** Its parameters, such as tile sizes. */
  variant: Variant;
  /** Median over the rounds, minus the time of an empty pass. */
  microseconds: number;
  /** Interquartile range over the rounds. */
  spreadMicroseconds: number;
}

/** A variant that the driver could not compile. */
export interface FailedVariant {
  /** The variant. */
  variant: Variant;
  /** The whole error, with the lines that it is about. */
  error: string;
  /** The compiler's first message. */
  reason: string;
}

/** The tuner's result for a kernel and shape. */
export interface TunedKernel {
  /** Name of the kernel. */
  kernel: string;
  /** Shape that it was launched for. */
  shape: object;
  /**
   * Checksum of the text of all variants, because times are invalid after a change of the shader. With activations in float16 it differs,
   * because the text does.
   */
  text: string;
  /** Every variant that the adapter can run, its default first. */
  timings: TimedVariant[];
  /** Variants that the driver could not compile; omitted if there are none. They are never chosen. */
  failed?: FailedVariant[];
  /** The fastest variant; the default unless another one is faster by more than the spread. */
  chosen: Variant;
  /** Number of timed rounds: results of fewer rounds never replace those of more. */
  rounds: number;
}

/** Result of tuning. */
export interface Tuning {
  /** The kernels of the plan that have several variants, except those that were skipped for lack of time. */
  kernels: TunedKernel[];
  /** Number of kernels left in their default variant because time ran out or the tuner was stopped. */
  left: number;
  /** Number of kernels whose result came from the cache. */
  fromCache: number;
  /** Duration in seconds, including compilation. */
  seconds: number;
}

/** How long and how precisely the tuner measures. */
export interface TunerOptions {
  /** `'auto'` takes a second in total; `'full'` times all variants in more rounds. */
  mode: 'auto' | 'full';
  /** Earlier results on this adapter; those of changed shaders are ignored. */
  known?: readonly TunedKernel[];
  /** Ends tuning after the kernel that is being timed. */
  signal?: AbortSignal;
  /** Called after each kernel, so that an interrupted process keeps the results so far. */
  onKernel?: (tuned: TunedKernel) => void;
}

/** Total seconds, and rounds per kernel. */
const efforts = { auto: { seconds: 1, rounds: 5 }, full: { seconds: Infinity, rounds: 15 } };

/**
 * Times every variant of a plan's kernels on the device, those with the most arithmetic first. The variants of a kernel are
 * interleaved, and run on buffers of zeros.
 *
 * @throws SetupError if the device has no timestamps.
 */
export async function tuneKernels(
  gpu: Gpu,
  tunable: ReadonlyMap<string, TunableKernel>,
  { mode, known = [], signal, onKernel }: TunerOptions,
): Promise<Tuning> {
  const begun = performance.now();
  const { seconds: most, rounds } = efforts[mode];
  const isOver = () => signal?.aborted === true || gpu.failure.aborted || performance.now() - begun > 1000 * most;
  const earlier = new Map(known.map((tuned) => [textKey(tuned), tuned]));
  const kernels: TunedKernel[] = [];
  let fromCache = 0;
  let left = 0;
  const flops = ({ kernel, shape }: TunableKernel) => kernel.cost(shape).flops;
  for (const one of [...tunable.values()].sort((a, b) => flops(b) - flops(a))) {
    const text = textOf(one, gpu);
    const cached = earlier.get(textKey({ kernel: one.kernel.name, shape: one.shape, text }));
    if (cached && cached.rounds >= rounds) {
      kernels.push(cached);
      fromCache++;
    } else if (isOver()) left++;
    else {
      const tuned = { ...(await timeVariants(gpu, one, rounds, () => !isOver())), text };
      // Time ran out during its rounds; too few rounds can't tell a difference from noise.
      if (tuned.rounds < rounds) left++;
      else {
        kernels.push(tuned);
        onKernel?.(tuned);
      }
    }
  }
  return { kernels, left, fromCache, seconds: (performance.now() - begun) / 1000 };
}

/** The choices that differ from the adapter's defaults, as recorded in a run's options. */
export function chosenVariants({ kernels }: Pick<Tuning, 'kernels'>): KernelVariants {
  const others = kernels.filter(({ chosen, timings }) => !isSameVariant(chosen, timings[0]!.variant));
  return Object.fromEntries(others.map((tuned) => [tunedKey(tuned), tuned.chosen]));
}

/** The key of a result, as in `KernelVariants`. */
const tunedKey = ({ kernel, shape }: Pick<TunedKernel, 'kernel' | 'shape'>): string =>
  variantKey({ name: kernel }, shape);

/** The key of a result in the cache: times of another text of the same kernel are separate. */
export const textKey = (tuned: Pick<TunedKernel, 'kernel' | 'shape' | 'text'>): string =>
  `${tunedKey(tuned)} ${tuned.text}`;

const variantsOf = ({ kernel, shape }: TunableKernel, { traits }: Gpu): Variant[] => kernel.variants!(shape, traits);

/** A variant in the form in which the plan would launch it. */
export function specialized(
  { kernel, shape, form = (variant) => variant }: TunableKernel,
  { traits }: Gpu,
  variant: Variant,
) {
  return form(specialize(kernel, shape, traits, variant));
}

/** FNV-1a of the rendered text of all variants. */
function textOf(one: TunableKernel, gpu: Gpu): string {
  let hash = 0x811c9dc5;
  for (const variant of variantsOf(one, gpu)) {
    const { text, workgroups } = specialized(one, gpu, variant);
    for (const character of text + workgroups) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
  }
  return hash.toString(16).padStart(8, '0');
}

async function timeVariants(
  gpu: Gpu,
  one: TunableKernel,
  rounds: number,
  mayContinue: () => boolean,
): Promise<Omit<TunedKernel, 'text'>> {
  const { kernel, shape } = one;
  const variants = variantsOf(one, gpu);
  const { launches, failed, causes } = await compilable(gpu, one, variants);
  // Without its default variant, the network could not be trained either.
  if (failed[0]?.variant === variants[0]) throw causes[0];
  const { timings, rounds: timed } = await timeLaunches(gpu, launches, rounds, mayContinue);
  const tuned = { kernel: kernel.name, shape, timings, chosen: fastestOf(timings), rounds: timed };
  return { ...tuned, ...(failed.length > 0 && { failed }) };
}

/**
 * The variants that the driver compiles, and those that it does not, each of them with its error in `causes`. A variant is compiled only
 * once: the device keeps its pipelines.
 */
export async function compilable(gpu: Gpu, one: TunableKernel, variants: readonly Variant[]) {
  const cache = new KernelCache(gpu.device, gpu.traits);
  const results = await Promise.allSettled(
    variants.map(async (variant) => cache.compileSpecialized(specialized(one, gpu, variant))),
  );
  const failed: FailedVariant[] = [];
  const causes: ShaderError[] = [];
  for (const [i, result] of results.entries()) {
    if (result.status === 'fulfilled') continue;
    const cause: unknown = result.reason;
    if (!(cause instanceof ShaderError)) throw cause;
    const { message, parts } = cause;
    failed.push({ variant: variants[i]!, error: message, reason: parts.problem ?? parts.what });
    causes.push(cause);
  }
  const launches = variants.map((variant) => ({ ...one, variant }));
  return { launches: launches.filter((_, i) => results[i]!.status === 'fulfilled'), failed, causes };
}

/**
 * Times alternative launches of the same computation, interleaved and on the same buffers of zeros.
 *
 * @param mayContinue called before each round after the first; timing ends when it returns false.
 * @throws SetupError if the device has no timestamps.
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
      launches.map((launch) => cache.compileSpecialized(specialized(launch, gpu, launch.variant))),
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
    // A short pass may have rounds in which a rounded clock didn't advance.
    const timed = Math.max(...microseconds.map(({ length }) => length));
    return { timings, rounds: timed };
  } finally {
    memory.dispose();
  }
}

/** One buffer per binding, large enough for every variant. */
function buffersFor(memory: Memory, compiled: readonly CompiledKernel[]) {
  const most = new Map<string, number>();
  for (const { elements } of compiled) {
    for (const [name, count] of Object.entries(elements)) most.set(name, Math.max(most.get(name) ?? 0, count));
  }
  return new Map([...most].map(([name, count]) => [name, memory.storage(`tuner.${name}`, count)]));
}

/** The variant with the smallest median; the default (the first) unless the difference exceeds half of both spreads. */
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
