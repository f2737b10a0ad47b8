import { figure } from '../figures.ts';
import { isSameVariant, variantText } from '../gpu/variants.ts';
import type { TuneResult } from '../index.ts';
import { withRun } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { table } from './tables.ts';
import { writeJson } from './whole_file.ts';

/** `wgrad tune` */
export async function tuneCommand(options: RunOptions): Promise<void> {
  await withRun(options, { isTuner: true }, async ({ tuning, adapter, config }) => {
    if (!tuning) {
      console.log('tuning   nothing was timed: --tuning auto skips software adapters; use --tuning full');
      return;
    }
    console.log(tuningTable(tuning));
    if (options.json) writeJson(options.json, { config, adapter, tuning });
  });
}

/** A row for each variant of each kernel; the chosen one is marked. */
function tuningTable({ kernels }: Pick<TuneResult, 'kernels'>): string {
  const rows = kernels.flatMap(({ kernel, shape, timings, chosen }) =>
    timings.map(({ variant, microseconds, spreadMicroseconds }, i) => [
      i === 0 ? kernel : '',
      i === 0 ? shapeText(shape) : '',
      variantText(variant),
      figure(microseconds),
      figure(spreadMicroseconds),
      isSameVariant(variant, chosen) ? (i === 0 ? 'chosen, the default' : 'chosen') : i === 0 ? 'default' : '',
    ]),
  );
  return table(['kernel', 'shape', 'variant', 'microseconds', 'spread', ''], rows, 3);
}

/** A short text for a shape: "32 x 13 x 13 x 32 to 64, 3 x 3" for a convolution, "batch 32, pixels 64" for others. */
export function shapeText(shape: object): string {
  const { batch, inHeight, inWidth, inChannels, outChannels, kernelHeight, kernelWidth } = shape as Record<
    string,
    number
  >;
  if (outChannels === undefined) {
    const plain = Object.entries(shape).filter(([, value]) => value !== false && typeof value !== 'object');
    return plain.map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(', ');
  }
  return `${batch} x ${inHeight} x ${inWidth} x ${inChannels} to ${outChannels}, ${kernelHeight} x ${kernelWidth}`;
}
