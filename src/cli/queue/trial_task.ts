import * as v from 'valibot';
import { number, parse } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import { lossTypes } from '../../model/losses/index.ts';
import { optimizerTypes } from '../../model/optimizers/index.ts';
import { presetNames } from '../../model/presets.ts';
import type { Json, JsonOptions } from '../../report/sweep_file.ts';
import { augmentationPresetNames } from '../../train/augmentation_presets.ts';
import { type CheckedTrial, checkTrial } from '../sweep/checked_trial.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { type fromJsonFile, optionName, textOf } from '../sweep/trial_options.ts';
import { idOf } from '../sweep/trials.ts';
import { imagesHere, requireNoCode, requireSameImages } from './shared_order.ts';
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
  for (const name of Object.keys(options)) requireCanonical(name);
  requireNoFiles(options);
  requireNoCode(options);
  if (idOf(options) !== task.id) {
    throw new ConfigurationError({
      what: 'The options of the job are not those that its id was made of',
      found: `id ${task.id}`,
      expected: idOf(options),
    });
  }
  const checked = await checkTrial(options, async (asked) => {
    const images = await imagesHere(asked, read);
    requireSameImages(asked.dataset, images.data, order.data);
    return images;
  });
  return { order, checked };
}

/** The checks below know each option by a single name, which jobs have to use. */
function requireCanonical(name: string): void {
  const expected = optionName(name, 'The job');
  if (name === expected) return;
  throw new ConfigurationError({ what: 'The job has an option under another name', found: name, expected });
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
    if (!known) continue;
    // The text counts, whatever type the value has: a list of one path becomes that path.
    const text = textOf(name, value);
    if (text === undefined || known.includes(text) || isDescription(name, value)) continue;
    throw new ConfigurationError({
      what: `${name} names a file, which workers do not read`,
      found: value,
      expected: 'options that do not depend on files',
      fix: name === 'sampleWeight' ? 'leave it out, or run this sweep without --queue' : 'use a name or an object',
    });
  }
}

/** Whether the value of an option is a number or JSON, so that its text is never tried as a path. */
function isDescription(name: string, value: Json): boolean {
  if (name === 'sampleWeight') return false;
  if (name === 'learningRate' && /^[\d.+-]/.test(String(value)) && Number.isFinite(Number(value))) return true;
  return Array.isArray(value) ? name === 'augmentation' && value.every(isObject) : isObject(value);
}

const isObject = (value: Json): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
