import { ConfigurationError } from '../errors.ts';
import type { Traits } from './device.ts';
import type { Kernel, Variant } from './kernel.ts';
import { isSameVariant, variantText } from './variants.ts';

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
  const need =
    wanted.subgroups === true && traits.subgroupSize !== 4
      ? 'subgroups of exactly 4 invocations'
      : wanted.subgroupMatrix === true && !traits.subgroupMatrix
        ? 'tensor cores (tensorCores of openGpu, or --tensor-cores)'
        : undefined;
  throw new ConfigurationError({
    what: `This adapter cannot run ${kernel.name} in the variant of kernelVariants`,
    found: need ? `${variantText(wanted)}, which needs ${need}` : variantText(wanted) || 'no numbers',
    expected: possible.map(variantText).join('; or ') || 'no variant: this kernel has one form',
    fix: "choose one of these, or leave kernelVariants out (--tuning off) to use the adapter's default",
  });
}
