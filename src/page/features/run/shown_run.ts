import { computed, signal } from '@preact/signals';
import { isUntouched } from '../../app/state.ts';
import type { Run } from './run.ts';
import { run } from './state.ts';

/** The run that is drawn: the user's, or a sample before there is one. */

/** A recorded run, shown until something has been trained. Only drawings use it: all other code reads `run`. */
export const sampleRun = signal<Run | undefined>();

/** Whether the sample is drawn: there is no run, and the experiment is the page's initial one. */
export const isSample = computed(() => !run.value && isUntouched.value && sampleRun.value !== undefined);

export const shownRun = computed(() => run.value ?? (isSample.value ? sampleRun.value : undefined));
