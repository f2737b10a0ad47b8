import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { findings, fingerprint, type TrainAndTest, takeFirst } from '../../data/index.ts';
import { largestImageSize, largestValidationSplit, type ReadingOptions } from '../../data/reading_options.ts';
import { ConfigurationError, DataError } from '../../errors.ts';
import type { TrainerOptions } from '../../index.ts';
import type { RunOptions } from '../run_options.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { UnfitError } from './tasks.ts';

/** The images of a pair or a run, and the length of its training, as plain JSON. */
export interface SharedOrder {
  dataset: string;
  clean: RunOptions['clean'];
  reading: ReadingOptions;
  trainSamples: number;
  testSamples: number;
  epochs: number;
  seed: number;
  /** Fingerprint of these images. */
  data: string;
}

export const sharedEntries = {
  dataset: v.string(),
  clean: v.array(v.picklist(findings)),
  reading: v.strictObject({
    validationSplit: v.optional(number(0, largestValidationSplit)),
    imageSize: v.optional(integer(1, largestImageSize)),
    labels: v.optional(v.string()),
    stretch: v.optional(v.literal(true)),
  }),
  trainSamples: integer(0),
  testSamples: integer(0),
  epochs: integer(1),
  seed: integer(0, 2 ** 32 - 1),
  data: v.string(),
};

/**
 * Reads the images of an order on this machine.
 *
 * @throws UnfitError if they are missing here, or differ.
 */
export async function imagesOf(order: SharedOrder, read: ReadImages): Promise<TrainAndTest> {
  const { dataset, clean, reading, trainSamples, testSamples } = order;
  const whole = await readHere({ ...reading, dataset, clean }, read);
  const datasets = { train: takeFirst(whole.train, trainSamples), test: takeFirst(whole.test, testSamples) };
  requireSameImages(dataset, await fingerprint(datasets), order.data);
  return datasets;
}

/** @throws UnfitError if the images are missing on this machine. */
async function readHere(
  asked: Pick<RunOptions, 'dataset' | 'clean'> & Partial<RunOptions>,
  read: ReadImages,
): Promise<TrainAndTest> {
  return (await imagesHere(asked as RunOptions, read)).datasets;
}

export const imagesHere = (asked: RunOptions, read: ReadImages): ReturnType<ReadImages> =>
  read(asked).catch((error) => {
    if (!(error instanceof ConfigurationError || error instanceof DataError)) throw error;
    const { what, found, fix } = error.parts;
    throw new UnfitError({ what, found: found ?? asked.dataset, ...(fix && { fix }) }, { cause: error });
  });

/** @throws UnfitError */
export function requireSameImages(dataset: string, here: string, ordered: string): void {
  if (here === ordered) return;
  throw new UnfitError({
    what: `The data set ${dataset} differs on this machine`,
    found: `fingerprint ${here} instead of ${ordered}`,
    fix: 'copy the images from the machine that started the sweep or the comparison',
  });
}

/**
 * Checks that the options of a trainer contain no code, which only an augmentation's preprocessingFunction could.
 *
 * @throws ConfigurationError for code in a job.
 */
export function requireNoCode(options: unknown): void {
  if (typeof options !== 'object' || options === null) return;
  for (const [name, value] of Object.entries(options)) {
    if (name === 'preprocessingFunction' && value !== null) {
      throw new ConfigurationError({
        what: 'preprocessingFunction is code, which workers do not accept from a queue',
        found: value,
        fix: 'leave it out, or train without --queue',
      });
    }
    requireNoCode(value);
  }
}

/** An order's trainer options, which are checked in detail later. */
export const trainerSchema = v.custom<TrainerOptions>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object with options of a trainer',
);
