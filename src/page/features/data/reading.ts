import { signal } from '@preact/signals';
import type { ReadFiles } from '../../app/worker/own_data.ts';

/** Files that are being read. */
export interface Reading {
  done: number;
  total: number;
  /** When it began, as performance.now() has it. */
  begun: number;
  /** Unknown before the first file is done. */
  secondsLeft: number | undefined;
}
export const reading = signal<Reading | undefined>();
/** What was found in the files that were read last. */
export const lastRead = signal<ReadFiles | undefined>();
/** The side that pictures get; empty for their own. */
export const size = signal('');
