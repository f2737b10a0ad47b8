import { existsSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import * as v from 'valibot';
import { number, parse } from '../../check.ts';
import { datasetNames, isDatasetName } from '../../data/index.ts';
import { ConfigurationError, DataError, type WgradError } from '../../errors.ts';
import { lossTypes } from '../../model/losses/index.ts';
import { optimizerTypes } from '../../model/optimizers/index.ts';
import { presetNames } from '../../model/presets.ts';
import type { JsonOptions } from '../../report/sweep_file.ts';
import { augmentationPresetNames } from '../../train/augmentation_presets.ts';
import { type CheckedTrial, checkTrial } from '../sweep/checked_trial.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { type fromJsonFile, optionName } from '../sweep/trial_options.ts';
import { idOf } from '../sweep/trials.ts';
import { UnfitError } from './tasks.ts';
import type { Task } from './work.ts';

/** The order of a sweep's job: options as plain JSON, without code or paths. */
export interface TrialOrder {
  options: JsonOptions;
  metric: { name: string; mode: 'min' | 'max' };
  /** Fingerprint of the images. */
  data: string;
  /** Seconds of training so far, if it continues. */
  seconds: number;
}

const orderSchema = v.strictObject({
  options: v.record(v.string(), v.any(), 'an object with options of train'),
  metric: v.strictObject({ name: v.string(), mode: v.picklist(['min', 'max']) }),
  data: v.string(),
  seconds: number(0),
});

/**
 * Checks a job's order as `train` checks its options.
 *
 * @throws ConfigurationError for options that no machine can train.
 * @throws UnfitError if the images are missing on this machine, or differ.
 */
export async function checkTrialTask(
  task: Task,
  read: ReadImages,
): Promise<{ order: TrialOrder; checked: CheckedTrial }> {
  const order = parse(orderSchema, task.order, 'The job') as TrialOrder;
  const { options } = order;
  for (const name of Object.keys(options)) optionName(name, 'The job');
  requireNoFiles(options);
  if (idOf(options) !== task.id) {
    throw new ConfigurationError({
      what: 'The options of the job are not those that its id was made of',
      found: `id ${task.id}`,
      expected: idOf(options),
    });
  }
  const checked = await checkTrial(options, async (asked) => {
    const images = await read(asked).catch((error) => {
      if (!(error instanceof ConfigurationError || error instanceof DataError)) throw error;
      const { what, found, fix } = error.parts;
      throw new UnfitError({ what, found: found ?? asked.dataset, ...(fix && { fix }) }, { cause: error });
    });
    if (images.data === order.data) return images;
    throw new UnfitError({
      what: `The data set ${asked.dataset} is another one here`,
      found: `fingerprint ${images.data}, and the sweep's is ${order.data}`,
      fix: 'copy the images of the machine that began the sweep',
    });
  });
  return { order, checked };
}

/** Known names for the options whose text may otherwise be the path of a file. */
const knownNames: Record<(typeof fromJsonFile)[number], readonly string[]> = {
  model: presetNames,
  augmentation: augmentationPresetNames,
  optimizer: optimizerTypes,
  loss: lossTypes,
  learningRate: [],
};

/**
 * Checks that a job describes its training completely, so that a worker never opens a file at a job's request.
 *
 * @throws ConfigurationError
 */
export function requireNoFiles(options: JsonOptions): void {
  for (const [name, value] of Object.entries(options)) {
    const known = name === 'sampleWeight' ? [] : (knownNames as Partial<Record<string, readonly string[]>>)[name];
    const isNumber = name === 'learningRate' && Number.isFinite(Number(value));
    const isPath = known !== undefined && typeof value === 'string' && !isNumber && !known.includes(value);
    if (!isPath) continue;
    throw new ConfigurationError({
      what: `${name} names a file, which workers do not read`,
      found: value,
      expected: 'options that say by themselves what is trained',
      fix:
        name === 'sampleWeight'
          ? 'leave it out, or run this sweep without --queue'
          : 'give it as a name or as an object',
    });
  }
}

/**
 * The folder of a data set named by a job: a subfolder of `--data`, or the known name itself.
 *
 * @throws ConfigurationError for any other path.
 */
export function datasetBelow(folder: string | undefined, name: string): string {
  if (isDatasetName(name)) return name;
  const refuse = (found: string, fix: string): WgradError =>
    new ConfigurationError({
      what: `The data set ${name} is not below the folder of --data`,
      found,
      expected: `${datasetNames.join(', ')}, or a folder below that of --data, named from there`,
      fix,
    });
  if (folder === undefined) throw refuse('no --data', 'give --data <folder> here and to every worker');
  const root = realpathSync(folder);
  const path = resolve(root, name);
  if (!existsSync(path)) throw refuse(`no ${path}`, 'copy it there');
  const isBelow = path.startsWith(root + sep) && realpathSync(path).startsWith(root + sep);
  if (!isBelow || name !== name.trim())
    throw refuse(realpathSync(path), 'name it from the folder of --data on, without ..');
  return path;
}
