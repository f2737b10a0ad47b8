import type { Traits } from './device.ts';
import type { KernelVariants } from './variants.ts';

/**
 * The recorded variants that this adapter can run, so that a run tuned on one machine can be opened on any other. Variants that
 * use subgroups need subgroups of exactly four invocations, only llvmpipe lists those with several quads of channels per
 * invocation (`across`), and those on tensor cores need a device that was opened with them and has the same matrices; all others run
 * everywhere.
 */
export const runnableVariants = (
  recorded: KernelVariants,
  { subgroupSize, gathers, subgroupMatrix }: Traits,
): KernelVariants =>
  Object.fromEntries(
    Object.entries(recorded).filter(
      ([, variant]) =>
        (!variant.subgroups || subgroupSize === 4) &&
        (!variant.across || gathers) &&
        (!variant.subgroupMatrix ||
          (['m', 'n', 'k', 'subgroupSize', 'olderForm'] as const).every(
            (name) => variant[name] === subgroupMatrix?.[name],
          )),
    ),
  );
