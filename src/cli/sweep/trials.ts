import { ConfigurationError, DataError, type WgradError } from '../../errors.ts';
import { figure } from '../../figures.ts';
import { tutorialEpochs } from '../../model/tutorial.ts';
import type { Json, JsonOptions, Trial } from '../../report/sweep_file.ts';
import { type Monitor, monitorOf } from '../../train/monitor.ts';
import { availableDataset } from '../default_dataset.ts';
import { hashOf } from '../hash_of.ts';
import { version } from '../package_facts.ts';
import { type CheckedTrial, checkTrial } from './checked_trial.ts';
import { configurationsOf, seedsOf } from './configurations.ts';
import type { ReadImages } from './datasets.ts';
import { type Rung, rungsOf } from './halving.ts';
import type { SweepPlan } from './plan.ts';
import { optionName, parseTrial, trainCommand, withoutFiles, withValue } from './trial_options.ts';

/** A plan whose trials are all checked. */
export interface CheckedSweep {
  trials: Trial[];
  metric: Monitor;
  /** The rungs of a search with asha. */
  rungs?: Rung[];
  /** The fingerprint of each trial's images, by the trial's id. */
  data: Map<string, string>;
  /** Checks a trial again; its images are read only once. */
  check: (trial: Trial) => Promise<CheckedTrial>;
}

/** Checks a whole plan before any of it is trained. @throws ConfigurationError, for a trial with its values. */
export async function checkSweep(plan: SweepPlan, read: ReadImages): Promise<CheckedSweep> {
  const named = Object.fromEntries(Object.entries(plan.base).map(([name, value]) => [optionName(name, 'base'), value]));
  const configurations = configurationsOf(plan);
  const seeds = seedsOf(plan);
  const base: JsonOptions = 'dataset' in named ? named : { dataset: await availableDataset(), ...named };
  let metric: Monitor | undefined;
  const trials: Trial[] = [];
  const data = new Map<string, string>();
  const rungs = plan.search === 'asha' ? rungsOf(configurations.length, epochsOf(plan), plan) : undefined;
  for (const [i, varied] of configurations.entries()) {
    // A seed does not affect any other option's check, so trials that differ in their seed are checked once.
    let checked: CheckedTrial | undefined;
    const checkedAs = async (before: CheckedTrial | undefined, { options }: Trial) => {
      if (!before) return checkTrial(options, read);
      parseTrial(options);
      return before;
    };
    for (const seed of seeds) {
      const trial = within(varied, () => trialOf(base, varied, seed, i + 1, rungs && epochsOf(plan)));
      checked = await withinAsync(varied, () => checkedAs(checked, trial));
      const { measured, data: images } = checked;
      metric ??= decidingMetric(plan, measured);
      monitorOf({ monitor: metric.name, mode: metric.mode }, measured, subjectOf(varied));
      data.set(trial.id, images);
      trials.push(trial);
    }
  }
  return { trials, metric: metric!, ...(rungs && { rungs }), data, check: ({ options }) => checkTrial(options, read) };
}

function trialOf(base: JsonOptions, varied: JsonOptions, seed: Json, configuration: number, epochs?: number): Trial {
  let options = base;
  for (const [path, value] of Object.entries(varied)) options = withValue(options, path, value);
  options = withoutFiles({ ...options, ...(epochs !== undefined && { epochs }), seed });
  return { id: idOf(options), configuration, seed: seed as number, varied, options, command: trainCommand(options) };
}

/** A hash of the trial's options, whatever their order, and of wgrad's version. */
export const idOf = (options: JsonOptions): string => hashOf({ options, version });

/** asha needs the length of the longest run. */
function epochsOf({ base, vary, minEpochs }: SweepPlan): number {
  if ('epochs' in vary) {
    throw new ConfigurationError({
      what: 'asha decides how many epochs each trial is trained',
      found: 'epochs in vary',
      fix: 'give the most epochs in base, or search with grid',
    });
  }
  const epochs = base.epochs ?? tutorialEpochs;
  if (typeof epochs === 'number' && epochs > minEpochs) return epochs;
  throw new ConfigurationError({
    what: 'asha has nothing to decide: its shortest runs are as long as its longest',
    found: `epochs ${epochs}, minEpochs ${minEpochs}`,
    expected: 'more epochs than minEpochs',
  });
}

function decidingMetric({ metric, mode }: SweepPlan, measured: CheckedTrial['measured']): Monitor {
  const byDefault = measured.validation
    ? measured.accuracy
      ? 'validationAccuracy'
      : 'validationLoss'
    : measured.accuracy
      ? 'accuracy'
      : 'loss';
  return monitorOf({ monitor: metric ?? byDefault, mode }, measured, 'The plan');
}

const subjectOf = (varied: JsonOptions): string => `Trial with ${variedText(varied) || 'the options of base'}`;

/** `learningRate 0.01, augmentation.rotationRange 20` */
export const variedText = (varied: JsonOptions): string =>
  Object.entries(varied)
    .map(([path, value]) => `${path} ${valueText(value)}`)
    .join(', ');

/** A short text for an option's value. */
export function valueText(value: Json): string {
  if (typeof value === 'number') return figure(value);
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function named(error: unknown, varied: JsonOptions): unknown {
  if (!(error instanceof ConfigurationError || error instanceof DataError)) return error;
  const Kind = error.constructor as new (parts: WgradError['parts'], options: ErrorOptions) => WgradError;
  return new Kind({ ...error.parts, what: `${subjectOf(varied)}: ${error.parts.what}` }, { cause: error });
}

function within<T>(varied: JsonOptions, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(error, varied);
  }
}

const withinAsync = <T>(varied: JsonOptions, work: () => Promise<T>): Promise<T> =>
  work().catch((error) => {
    throw named(error, varied);
  });
