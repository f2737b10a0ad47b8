import { signal } from '@preact/signals';
import type { Brought } from '../../app/worker/own_data.ts';

/** Files that are being read. */
export const reading = signal<{ done: number; total: number } | undefined>();
/** What came of those that were read last. */
export const brought = signal<Brought | undefined>();
/** The side that pictures get; empty for their own. */
export const size = signal('');
