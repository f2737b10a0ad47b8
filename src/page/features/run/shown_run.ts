import { computed, signal } from '@preact/signals';
import { defaults } from '../../app/experiment.ts';
import { datasetIsChosen, experiment } from '../../app/state.ts';
import type { Run } from './run.ts';
import { run } from './state.ts';

/** The run that is drawn: the user's own, or a sample before there is one. */

/** A recorded run, shown until something is trained. Only drawings show it: everything else reads `run`. */
export const sampleRun = signal<Run | undefined>();

/** Whether nothing has been changed since the page was opened without a link. */
const isUntouched = computed(() => {
  const withoutData = (it: typeof experiment.value) => JSON.stringify({ ...it, dataset: '' });
  return !datasetIsChosen.value && withoutData(experiment.value) === withoutData(defaults);
});

/** Whether the sample is drawn: there is no run, and the experiment is the one that the page opens with. */
export const isSample = computed(() => !run.value && isUntouched.value && sampleRun.value !== undefined);

export const shownRun = computed(() => run.value ?? (isSample.value ? sampleRun.value : undefined));
