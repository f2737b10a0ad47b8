import { signal } from '@preact/signals';
import { givenReadingOptions } from '../../../data/reading_options.ts';
import type { PlacedFile } from '../../../index.ts';
import type { Experiment } from '../../app/experiment.ts';
import type { ReadFiles } from '../../app/worker/own_data.ts';

/** Progress of reading files. */
export interface Reading {
  done: number;
  total: number;
  /** Start time from performance.now(). */
  begun: number;
  /** Unknown before the first file is done. */
  secondsLeft: number | undefined;
}
export const reading = signal<Reading | undefined>();
/** The result of the last reading. */
export const lastRead = signal<ReadFiles | undefined>();
/** The files that were read last, and the options that they were read with, as text. */
export const lastFiles = signal<{ files: PlacedFile[]; options: string } | undefined>();

/** The experiment's options of reading files, as text. */
export const readingOptionsOf = (experiment: Experiment): string => JSON.stringify(givenReadingOptions(experiment));
