import type { Gpu, Traits } from '../../gpu/device.ts';
import { type Kernel, KernelCache, type Variant } from '../../gpu/kernel.ts';
import { expectSame, expectWithin, largestShareOf } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { type Contents, type GuardedLaunch, launchGuarded, poison } from './guarded_launch.ts';

/** Throws unless the bits in a binding are right after a kernel ran. */
export type Verify = (name: string, bits: Uint32Array) => void;

/** A kernel with its twin. */
export interface KernelCheck<S> {
  kernel: Kernel<S>;
  shape: S;
  /**
   * Initial content of bindings that need more than arbitrary numbers from -1 to 1. Written bindings that are not listed are
   * poisoned; `unread` poisons one that the shader declares but must not read.
   */
  given?: Record<string, Contents | 'unread'>;
  /** The expected content of every written binding for these inputs. */
  twin: (inputs: Record<string, Contents>) => Record<string, Verify>;
}

/** Checks floats, each against its own bound. */
export const within =
  (expected: ArrayLike<number>, bound: ArrayLike<number> | number): Verify =>
  (name, bits) => {
    expectWithin(name, floats(bits), expected, bound);
  };

/** Checks that words are equal. */
export const same =
  (expected: ArrayLike<number>): Verify =>
  (name, bits) =>
    expectSame(name, bits, expected);

/** Checks that floats are equal, including NaN. */
export const sameFloats =
  (expected: ArrayLike<number>): Verify =>
  (name, bits) => {
    const actual = floats(bits);
    const both = (i: number) => Number.isNaN(actual[i]) && Number.isNaN(expected[i]);
    expectSame(
      name,
      actual.map((value, i) => (both(i) ? 0 : value)),
      Float64Array.from(expected, (value, i) => (both(i) ? 0 : value)),
    );
  };

export const floats = (bits: Uint32Array): Float32Array => new Float32Array(bits.buffer, bits.byteOffset, bits.length);

/** Packs bytes as the shaders read them, four per word. */
export function packed(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

/** All variants of a kernel on this device, always including one that needs no optional feature. */
export function variantsOf<S>(kernel: Kernel<S>, shape: S, traits: Traits): Variant[] {
  const adapters: Traits[] = [
    traits,
    { ...traits, subgroupSize: 0 },
    { software: !traits.software, subgroupSize: 0 },
    { software: true, subgroupSize: 0, gathers: true },
  ];
  const forms = adapters.flatMap((adapter) => kernel.variants?.(shape, adapter) ?? [{}]);
  return [...new Map(forms.map((form) => [JSON.stringify(form), form])).values()];
}

const caches = new WeakMap<Gpu, KernelCache>();

/** One cache per device, so that tests share pipelines. */
export function cacheOf(gpu: Gpu): KernelCache {
  const cache = caches.get(gpu) ?? new KernelCache(gpu.device, gpu.traits);
  caches.set(gpu, cache);
  return cache;
}

export interface CheckOptions {
  /** Seed of the inputs that are not given. */
  seed?: number;
  /**
   * Index of the variant to run, modulo the number of variants; useful if a check of another shape follows. Default: all variants.
   */
  pick?: number;
}

/**
 * Runs the variants of a kernel against its twin on inputs determined by the seed, and compares everything it writes. Then
 * sabotages each input in turn: one element is changed for the kernel but not for the twin, and the comparison has to detect it.
 */
export async function checkKernel<S>(
  gpu: Gpu,
  check: KernelCheck<S>,
  { seed = 1, pick }: CheckOptions = {},
): Promise<void> {
  const { kernel, shape } = check;
  const all = variantsOf(kernel, shape, gpu.traits);
  const variants = pick === undefined ? all : [all[pick % all.length]!];
  const launches = await Promise.all(
    variants.map((variant) => launchGuarded(gpu, cacheOf(gpu), kernel, shape, variant)),
  );
  try {
    for (const [i, launch] of launches.entries()) {
      await checkLaunch(check, launch, seed).catch((cause: Error) => {
        throw new Error(`${kernel.name} as ${JSON.stringify(variants[i])}: ${cause.message}`, { cause });
      });
    }
  } finally {
    for (const launch of launches) launch.dispose();
  }
}

/**
 * Runs one variant of a kernel against its twin and compares everything it writes, without sabotage: the tests have shown that the
 * comparison detects it.
 *
 * @returns the largest difference as a fraction of its bound.
 * @throws Error if a difference exceeds its bound.
 */
export async function compareWithTwin<S>(gpu: Gpu, check: KernelCheck<S>, variant: Variant): Promise<number> {
  const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, variant);
  try {
    const inputs = fill(check, launch, 1);
    const expected = check.twin(inputs);
    const outputs = await launch.run(inputs);
    return largestShareOf(() => {
      for (const [name, bits] of Object.entries(outputs)) expected[name]!(name, bits);
    });
  } finally {
    launch.dispose();
  }
}

async function checkLaunch<S>(check: KernelCheck<S>, launch: GuardedLaunch, seed: number): Promise<void> {
  const inputs = fill(check, launch, seed);
  const expected = check.twin(inputs);
  const [given, wanted] = [Object.keys(expected), launch.written].map((names) => [...names].sort().join());
  if (given !== wanted) throw new Error(`it writes ${wanted}, its twin gives ${given}`);
  const verify = (outputs: Record<string, Uint32Array>) => {
    for (const [name, bits] of Object.entries(outputs)) expected[name]!(name, bits);
  };
  verify(await launch.run(inputs));
  for (const name of Object.keys(inputs)) await sabotage(launch, inputs, name, seed, verify);
}

/** The inputs of a launch, determined by the seed. */
export function fill<S>(check: KernelCheck<S>, launch: GuardedLaunch, seed: number): Record<string, Contents> {
  const inputs: Record<string, Contents> = {};
  for (const [i, name] of [...launch.read, ...launch.written].entries()) {
    const given = check.given?.[name];
    if (given === 'unread' || (given === undefined && launch.written.includes(name))) continue;
    inputs[name] = given ?? Float32Array.from(numbers(launch.elements[name]!, 1000 * seed + i));
  }
  return inputs;
}

/**
 * Number of elements tried, or all if there are fewer. Some elements don't affect the result: a stride may skip them, relu or a
 * pool may drop them.
 */
const tries = 64;

/**
 * Indices at which to change an input. Gaps between tensors and empty sample slots are poisoned because nothing may read them, so
 * they are tried last.
 */
function placesToTry(input: Contents, seed: number): number[] {
  const words = new Uint32Array(input.buffer, input.byteOffset, input.length);
  const places = [...words.keys()];
  const some = (of: number[]) =>
    of.length <= tries ? of : Array.from(numbers(tries, seed), (u) => of[Math.floor(((u + 1) / 2) * of.length)]!);
  return [...some(places.filter((i) => words[i] !== poison)), ...some(places.filter((i) => words[i] === poison))];
}

async function sabotage(
  launch: GuardedLaunch,
  inputs: Record<string, Contents>,
  name: string,
  seed: number,
  verify: (outputs: Record<string, Uint32Array>) => void,
): Promise<void> {
  const sizes = Array.from(inputs[name]!, Math.abs).filter(Number.isFinite);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0) || 1;
  for (const at of placesToTry(inputs[name]!, seed)) {
    const changed = inputs[name]!.slice();
    if (changed instanceof Float32Array) changed[at]! += largest;
    else changed[at]! ^= 1;
    try {
      verify(await launch.run({ ...inputs, [name]: changed }));
    } catch {
      return;
    }
  }
  throw new Error(`an element of ${name} other than the twin's changes nothing: the comparison proves nothing`);
}
