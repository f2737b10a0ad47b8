import { fingerprint, type TrainAndTest } from '../../data/index.ts';
import { readCleaned } from '../run.ts';
import type { RunOptions } from '../run_options.ts';

/** The images that trials are trained on. */
export interface TrialImages {
  datasets: TrainAndTest;
  /** Fingerprint of all images, before a trial takes a part of them. */
  data: string;
}

export type ReadImages = (options: RunOptions) => Promise<TrialImages>;

/**
 * Reads each data set once, however many trials use it.
 *
 * @param placeOf returns the folder of a data set, given its name.
 */
export function trialImages(
  how: Pick<RunOptions, 'host' | 'chrome' | 'browserTimeout' | 'yes'>,
  placeOf = (dataset: string): string => dataset,
): ReadImages {
  const read = new Map<string, Promise<TrialImages>>();
  return async (options) => {
    const { dataset, clean, validationSplit, imageSize, labels, stretch, sampleWeight, memoryBudget } = options;
    const reading = [validationSplit, imageSize, labels, stretch, memoryBudget];
    const key = JSON.stringify([dataset, clean, reading, sampleWeight?.path]);
    const images = read.get(key) ?? readWhole({ ...options, dataset: placeOf(dataset), ...how });
    read.set(key, images);
    return images;
  };
}

async function readWhole(options: RunOptions): Promise<TrialImages> {
  const { datasets } = await readCleaned(options);
  return { datasets, data: await fingerprint(datasets) };
}
