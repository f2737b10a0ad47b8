import { count, figure } from '../figures.ts';
import type { Variant } from '../gpu/kernel.ts';
import type { Ceilings } from '../gpu/roofline.ts';
import { variantText } from '../gpu/variants.ts';
import { chromeTrace, describeAdapter, rooflineShare, type StepProfile, type TrainingProfile } from '../index.ts';
import { rooflineSvg } from '../report/roofline.ts';
import { changesText, differencesOf, type ProfileFile, profileChanges } from './profile_file.ts';
import { withRun } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { table } from './tables.ts';
import { writeJson, writeWhole } from './whole_file.ts';

export interface ProfileCommandOptions extends RunOptions {
  steps: number;
  trace?: string;
  /** Path of the roofline plot to write. */
  roofline?: string;
  /** An earlier profile to compare with. */
  against?: ProfileFile;
  /** Print the plan of a step instead of timing one. */
  plan: boolean;
  /** Check and time the kernels of shaders whenever they are saved, until Ctrl-C. */
  watch: boolean;
  /** The watched folder; the clone's by default. */
  shaders?: string;
  /** Time only this kernel, in all its variants. */
  kernel?: string;
  /** Differences from the shapes that the network uses for the kernel. */
  shape?: Record<string, unknown>;
  /** The only variant to time: as the tables print it, or as numbers. */
  variant?: string | Variant;
}

/** `wgrad profile` */
export async function profile(options: ProfileCommandOptions): Promise<void> {
  const { steps, against } = options;
  await withRun(options, {}, async ({ session, adapter, config }) => {
    const result = await session.call('profile', { steps, ceilings: true });
    console.log(profileTable(result));
    for (const line of stepLines(result)) console.log(line);
    console.log(passesLine(result));
    console.log(resolutionLine(result));
    if (against) {
      for (const line of differencesOf(against, { config, adapter })) console.log(line);
      console.log(changesText(profileChanges(against.profile.dispatches, result.dispatches)));
    }
    const name = `wgrad on ${describeAdapter(adapter)}`;
    if (options.trace) {
      const trace = `${JSON.stringify(chromeTrace(result, name))}\n`;
      written(options.trace, trace, ', for chrome://tracing or https://ui.perfetto.dev');
    }
    if (options.roofline) written(options.roofline, rooflineSvg(result, result.ceilings!, pictureTitle(options)));
    if (options.json) writeJson(options.json, { config, adapter, profile: result });
  });
}

function written(path: string, text: string, what = ''): void {
  writeWhole(path, text);
  console.log(`written  ${path}${what}`);
}

/** "tutorial on mnist, batch 32" */
const pictureTitle = ({ model, dataset, batchSize }: ProfileCommandOptions) =>
  `${typeof model === 'string' ? model : 'custom model'} on ${dataset}, batch ${batchSize}`;

function profileTable({ dispatches, dispatchesPerStep, stepMicroseconds, ceilings }: TrainingProfile): string {
  const rows = dispatches.map((dispatch) => {
    const { name, layer, variant, microseconds, spreadMicroseconds, isNoisy, share, gflops, gbps } = dispatch;
    return [
      name,
      layer,
      variantText(variant),
      figure(microseconds),
      `${figure(spreadMicroseconds)}${isNoisy ? ' !' : ''}`,
      `${(100 * share).toFixed(1)} %`,
      figure(gflops),
      figure(gbps),
      figure(dispatch.intensity),
      `${(100 * rooflineShare(dispatch, ceilings!)).toFixed(0)} %`,
    ];
  });
  const blank = Array<string>(6).fill('');
  const total = [`${count(dispatchesPerStep)} dispatches in a step`, '', '', figure(stepMicroseconds), ...blank];
  const head = [
    'dispatch',
    'layer',
    'variant',
    'microseconds',
    'spread',
    'share',
    'GFLOP/s',
    'GB/s',
    'flop/byte',
    'of roofline',
  ];
  return table(head, [...rows, total], 3);
}

/** How the sum of the dispatches relates to the time of a training step, and which rows of the table are unreliable. */
export function* stepLines(profile: StepProfile & Pick<TrainingProfile, 'ceilings'>): Generator<string> {
  const { dispatches, stepMicroseconds, unprofiledStepMicroseconds, unprofiledSpreadMicroseconds, rounds } = profile;
  const { ceilings } = profile;
  const more = (100 * (stepMicroseconds - unprofiledStepMicroseconds)) / unprofiledStepMicroseconds;
  yield `step     ${figure(unprofiledStepMicroseconds)} us in one pass, as it is trained (spread ` +
    `${figure(unprofiledSpreadMicroseconds)}); the dispatches' sum is ${figure(stepMicroseconds)} us, ` +
    `${Math.abs(more).toFixed(1)} % ${more < 0 ? 'less' : 'more'}`;
  const noisy = dispatches.filter(({ isNoisy }) => isNoisy).length;
  if (noisy > 0) {
    yield `warning  ${count(noisy)} of ${count(dispatches.length)} rows are marked with !: their rounds vary by more than a ` +
      `quarter of the median. Close other programs, or raise --steps above ${rounds}.`;
  }
  if (ceilings) {
    yield ceilingsLine(ceilings);
  }
}

export const ceilingsLine = ({ gflops, gbps }: Ceilings): string =>
  `ceilings ${figure(gflops)} GFLOP/s of multiply-adds in registers and ${figure(gbps)} GB/s of memory, measured on this adapter; ` +
  '"of roofline" is the percentage of the limit for a dispatch. It can exceed 100 % with caches, or with Winograd\'s algorithm, whose ' +
  'operations are counted as those of a direct convolution.';

function passesLine({ augmentationPasses }: TrainingProfile): string {
  const passes = augmentationPasses === 1 ? '1 pass' : `${augmentationPasses} passes`;
  return `Augmentation and decoding go over the images of a batch in ${passes}.`;
}

function resolutionLine({ rounded, rounds, timestampResolutionNs, dispatches }: StepProfile): string {
  const how = `Times are medians of ${count(rounds)} rounds of all dispatches, the spread is between their quartiles.`;
  if (!rounded) return `${how} Timestamps are not rounded here.`;
  const most = Math.max(...dispatches.map(({ repeats }) => repeats));
  return (
    `${how} Timestamps are rounded to ${figure(timestampResolutionNs / 1000)} us here: ` +
    `each dispatch was repeated until that matters little, up to ${count(most)} times.`
  );
}
