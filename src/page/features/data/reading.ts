import { signal } from '@preact/signals';
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
/** Width and height to which pictures are resized; empty for their original size. */
export const size = signal('');
