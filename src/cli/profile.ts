import { count, figure } from '../figures.ts';
import { chromeTrace, describeAdapter, type StepProfile, type TrainingProfile } from '../index.ts';
import { variantText } from '../plan/describe_plan.ts';
import { withRun } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { table } from './tables.ts';
import { writeWhole } from './whole_file.ts';

export interface ProfileOptions extends RunOptions {
  steps: number;
  trace?: string;
  /** Print the plan of a step instead of timing one. */
  plan: boolean;
}

/** `wgrad profile` */
export async function profile(options: ProfileOptions): Promise<void> {
  await withRun(options, {}, async ({ session, adapter, config }) => {
    const result = await session.call('profile', options.steps);
    console.log(profileTable(result));
    console.log(passesLine(result));
    console.log(resolutionLine(result));
    if (options.trace) {
      writeWhole(options.trace, `${JSON.stringify(chromeTrace(result, `wgrad on ${describeAdapter(adapter)}`))}\n`);
      console.log(`written  ${options.trace}, for chrome://tracing or https://ui.perfetto.dev`);
    }
    if (!options.json) return;
    writeWhole(options.json, `${JSON.stringify({ config, adapter, profile: result })}\n`);
    console.log(`written  ${options.json}`);
  });
}

function profileTable({ dispatches, dispatchesPerStep, stepMicroseconds }: StepProfile): string {
  const rows = dispatches.map(({ name, layer, variant, microseconds, share, gflops, gbps }) => [
    name,
    layer,
    variantText(variant),
    figure(microseconds),
    `${(100 * share).toFixed(1)} %`,
    figure(gflops),
    figure(gbps),
  ]);
  const total = [`${count(dispatchesPerStep)} dispatches in a step`, '', '', figure(stepMicroseconds), '', '', ''];
  return table(['dispatch', 'layer', 'variant', 'microseconds', 'share', 'GFLOP/s', 'GB/s'], [...rows, total], 3);
}

function passesLine({ augmentationPasses }: TrainingProfile): string {
  const passes = augmentationPasses === 1 ? '1 pass' : `${augmentationPasses} passes`;
  return `Augmentation and decoding go over the images of a batch in ${passes}.`;
}

function resolutionLine({ rounded, timestampResolutionNs, dispatches }: StepProfile): string {
  const passes = 'Each dispatch had a pass of its own, which makes their sum more than a step.';
  if (!rounded) return `Timestamps are not rounded here. ${passes}`;
  const most = Math.max(...dispatches.map(({ repeats }) => repeats));
  return (
    `Timestamps are rounded to ${figure(timestampResolutionNs / 1000)} us here: ` +
    `each dispatch was repeated until that matters little, up to ${count(most)} times. ${passes}`
  );
}
