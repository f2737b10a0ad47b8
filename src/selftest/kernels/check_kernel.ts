import type { Gpu, Traits } from '../../gpu/device.ts';
import { type Kernel, KernelCache, type Variant } from '../../gpu/kernel.ts';
import { expectSame, expectWithin, largestShareOf } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { type Contents, type GuardedLaunch, launchGuarded, poison } from './guarded_launch.ts';

/** Fails unless the bits that a kernel left in a binding are right. */
export type Verify = (name: string, bits: Uint32Array) => void;

/** A kernel beside its twin. */
export interface KernelCheck<S> {
  kernel: Kernel<S>;
  shape: S;
  /**
   * What stands in a binding before the launch, where that isn't just any number from -1 to 1. A written binding that is
   * not here is poisoned; `unread` poisons one that the shader declares and must not look at.
   */
  given?: Record<string, Contents | 'unread'>;
  /** What every written binding has to hold for these inputs. */
  twin: (inputs: Record<string, Contents>) => Record<string, Verify>;
}

/** Floats, each within its own bound of the twin's. */
export const within =
  (expected: ArrayLike<number>, bound: ArrayLike<number> | number): Verify =>
  (name, bits) => {
    expectWithin(name, floats(bits), expected, bound);
  };

/** The same words. */
export const same =
  (expected: ArrayLike<number>): Verify =>
  (name, bits) =>
    expectSame(name, bits, expected);

/** The same floats, NaN included where the twin has one. */
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

/** Bytes as the shaders read them, four a word. */
export function packed(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

/** Every form that a kernel has on this device; the one that no optional feature is needed for always among them. */
export function variantsOf<S>(kernel: Kernel<S>, shape: S, traits: Traits): Variant[] {
  const adapters = [traits, { ...traits, subgroupSize: 0 }, { software: !traits.software, subgroupSize: 0 }];
  const forms = adapters.flatMap((adapter) => kernel.variants?.(shape, adapter) ?? [{}]);
  return [...new Map(forms.map((form) => [JSON.stringify(form), form])).values()];
}

const caches = new WeakMap<Gpu, KernelCache>();

/** One for each device, so that tests share pipelines. */
export function cacheOf(gpu: Gpu): KernelCache {
  const cache = caches.get(gpu) ?? new KernelCache(gpu.device, gpu.traits);
  caches.set(gpu, cache);
  return cache;
}

export interface CheckOptions {
  /** Of what isn't given. */
  seed?: number;
  /** Which variant, counted round and round: one is enough where another shape follows at once. All by default. */
  pick?: number;
}

/**
 * Runs the variants of a kernel beside its twin, over inputs that are the same for the same seed, and compares all that
 * it writes. Then the sabotage: for each input in turn the kernel is given one element that the twin isn't, and the
 * comparison has to see it.
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
 * Runs one variant of a kernel beside its twin and compares all that it writes, without a sabotage: the tests have shown that the
 * comparison sees one.
 *
 * @returns the largest difference as a share of its bound.
 * @throws Error where one is larger than its bound.
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

function fill<S>(check: KernelCheck<S>, launch: GuardedLaunch, seed: number): Record<string, Contents> {
  const inputs: Record<string, Contents> = {};
  for (const [i, name] of [...launch.read, ...launch.written].entries()) {
    const given = check.given?.[name];
    if (given === 'unread' || (given === undefined && launch.written.includes(name))) continue;
    inputs[name] = given ?? Float32Array.from(numbers(launch.elements[name]!, 1000 * seed + i));
  }
  return inputs;
}

/** Not every element matters: a stride may step over it, relu or a pool drop it. So many are tried, or all of a few. */
const tries = 64;

/**
 * Where to change an input. A gap between tensors, or a slot without a sample, is poisoned because nothing may read it; so
 * these come last.
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
