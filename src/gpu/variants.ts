import { ConfigurationError, nearest } from '../errors.ts';
import type { Traits } from './device.ts';
import type { Kernel, Variant } from './kernel.ts';

/**
 * The variant in which each kernel runs, by `variantKey`: the fastest according to the tuner, or one that the user forces.
 * Kernels that are not listed run in the adapter's default variant.
 */
export type KernelVariants = Readonly<Record<string, Variant>>;

/** A kernel and its shape as a string: `dense_forward {"batch":1,...}`. */
export const variantKey = <S>(kernel: Pick<Kernel<S>, 'name'>, shape: S): string =>
  `${kernel.name} ${JSON.stringify(shape)}`;

/** A variant's parameters as text: "quads 4, width 2". Empty for a kernel with only one variant. */
export const variantText = (variant: Variant): string =>
  Object.entries(variant)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

/** True if two variants have the same parameters, in any order. */
export const isSameVariant = (a: Variant, b: Variant): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);

/**
 * The recorded variants that this adapter can run, so that a run tuned on one machine can be opened on any other. Variants that
 * use subgroups need subgroups of exactly four invocations; all others run everywhere.
 */
export const runnableVariants = (recorded: KernelVariants, { subgroupSize }: Traits): KernelVariants =>
  Object.fromEntries(Object.entries(recorded).filter(([, variant]) => !variant.subgroups || subgroupSize === 4));

/**
 * The requested variant, if the adapter has it.
 *
 * @throws ConfigurationError that lists the variants this adapter can run at this shape.
 */
export function requireVariant<S, V extends Variant>(
  kernel: Kernel<S, V>,
  shape: S,
  traits: Traits,
  wanted: Variant,
): V {
  const possible = kernel.variants?.(shape, traits) ?? [];
  const found = possible.find((variant) => isSameVariant(variant, wanted));
  if (found) return found;
  const needsSubgroups = wanted.subgroups === true && traits.subgroupSize !== 4;
  throw new ConfigurationError({
    what: `This adapter cannot run ${kernel.name} in the variant of kernelVariants`,
    found: needsSubgroups
      ? `${variantText(wanted)}, which needs subgroups of exactly 4 invocations`
      : variantText(wanted) || 'no numbers',
    expected: possible.map(variantText).join('; or ') || 'no variant: this kernel has one form',
    fix: 'leave kernelVariants out (--tuning off): the adapter then takes its own',
  });
}

/** A key of `KernelVariants` as its kernel and its shape; undefined where it is none. */
function readKey(key: string): { name: string; shape: Record<string, unknown> } | undefined {
  const [, name, text] = /^(\w+) (\{.*\})$/.exec(key) ?? [];
  try {
    return name ? { name, shape: JSON.parse(text!) as Record<string, unknown> } : undefined;
  } catch {
    return undefined;
  }
}

/** The fields in which a shape differs from another one, in words: "batch 64, inChannels 3". */
function differing(shape: Record<string, unknown>, other: Record<string, unknown>): string {
  const names = [...new Set([...Object.keys(shape), ...Object.keys(other)])];
  const values = names
    .filter((name) => shape[name] !== other[name])
    .map((name) => (shape[name] === undefined ? `no ${name}` : `${name} ${shape[name]}`));
  return values.join(', ') || 'the same values in another order';
}

/**
 * A sentence for each entry that fits no kernel and shape of a network, with what comes nearest: an entry for another batch size, or
 * with a mistyped name, would otherwise be ignored without a word.
 *
 * @param fitting the keys of the network's kernels.
 */
export function unmatchedVariants(chosen: KernelVariants, fitting: readonly string[]): string[] {
  const known = fitting.flatMap((key) => readKey(key) ?? []);
  return Object.keys(chosen)
    .filter((key) => !fitting.includes(key))
    .map((key) => {
      const asked = readKey(key);
      if (!asked) return `kernelVariants has an entry that is not a kernel and its shape: ${key.slice(0, 80)}`;
      const same = known.filter(({ name }) => name === asked.name);
      if (same.length === 0) {
        const names = [...new Set(known.map(({ name }) => name))];
        const near = nearest(asked.name, names);
        const instead = near ? `did you mean ${near}?` : `it has ${names.join(', ') || 'no kernel with variants'}`;
        return `kernelVariants chooses a variant of ${asked.name}, which this network does not launch: ${instead}`;
      }
      const distances = same.map(({ shape }) => differing(asked.shape, shape).length);
      const { shape } = same[distances.indexOf(Math.min(...distances))]!;
      return (
        `kernelVariants chooses a variant of ${asked.name} for a shape that this network does not have: ` +
        `${differing(asked.shape, shape)}; the nearest has ${differing(shape, asked.shape)}`
      );
    });
}
