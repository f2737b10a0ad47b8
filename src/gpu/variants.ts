import { ConfigurationError } from '../errors.ts';
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
 * use subgroups need subgroups of exactly four invocations, and only llvmpipe lists those with several quads of channels per
 * invocation (`across`); all others run everywhere.
 */
export const runnableVariants = (recorded: KernelVariants, { subgroupSize, gathers }: Traits): KernelVariants =>
  Object.fromEntries(
    Object.entries(recorded).filter(
      ([, { subgroups, across }]) => (!subgroups || subgroupSize === 4) && (!across || gathers),
    ),
  );

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
    fix: "choose one of these, or leave kernelVariants out (--tuning off) to use the adapter's default",
  });
}
