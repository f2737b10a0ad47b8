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
