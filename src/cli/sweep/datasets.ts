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

/** Number of data sets in memory: a sweep may vary its data set, and a worker runs for weeks. */
const mostDatasets = 2;

/**
 * Reads a data set once, however many trials in a row use it. One that could not be read is tried again.
 *
 * @param placeOf returns the folder of a data set, given its name.
 * @param most number of data sets in memory; the least recently used one is dropped first.
 */
export function trialImages(
  how: Pick<RunOptions, 'host' | 'chrome' | 'browserTimeout' | 'yes'>,
  placeOf = (dataset: string): string => dataset,
  most = mostDatasets,
): ReadImages {
  const read = new Map<string, Promise<TrialImages>>();
  return async (options) => {
    const { dataset, clean, validationSplit, imageSize, labels, stretch, sampleWeight, memoryBudget } = options;
    const reading = [validationSplit, imageSize, labels, stretch, memoryBudget];
    const key = JSON.stringify([dataset, clean, reading, sampleWeight?.path]);
    const images = read.get(key) ?? readWhole({ ...options, dataset: placeOf(dataset), ...how });
    read.delete(key);
    read.set(key, images);
    images.catch(() => read.get(key) === images && read.delete(key));
    if (read.size > most) read.delete(read.keys().next().value!);
    return images;
  };
}

async function readWhole(options: RunOptions): Promise<TrialImages> {
  const { datasets } = await readCleaned(options);
  return { datasets, data: await fingerprint(datasets) };
}
