import { effect } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { datasetTitle, datasetTitles } from '../../app/dataset_titles.ts';
import type { Experiment } from '../../app/experiment.ts';
import * as state from '../../app/state.ts';
import type { Source } from '../../app/worker/datasets.ts';
import { training } from '../../app/worker_client.ts';
import * as runState from '../run/state.ts';

/** Keeps `dataset` to the one that is chosen. */
export function installDataset(): void {
  seeWhatIsThere();
  // Somebody may have fetched a data set in the meantime, by the command, in another window.
  addEventListener('focus', seeWhatIsThere);
  addEventListener('online', tryAgain);
  // A change of anything else than the data set doesn't look for it again.
  let asked = '';
  effect(() => {
    const source = sourceOf(state.experiment.value);
    const key = JSON.stringify(source);
    if (key === asked) return;
    asked = key;
    find(source);
  });
}

/** Loads the data set of the experiment again: it failed, or its name stands for other images now. */
export const reload = (): Promise<void> => find(sourceOf(state.experiment.peek()));

/** Retries what failed and may succeed now. */
function tryAgain(): void {
  seeWhatIsThere();
  const { error } = state.dataset.peek();
  const { retry } = state.pageError.peek() ?? {};
  if (error && !state.lacksImages.peek()) reload();
  else retry?.();
}

/** Asks what this page and its server have of each data set. What stays unknown is offered, and fails with its reason. */
async function seeWhatIsThere(): Promise<void> {
  const before = state.available.peek();
  const now = await training.availability(Object.keys(datasetTitles)).catch(() => before);
  if (JSON.stringify(now) === JSON.stringify(before)) return;
  state.available.value = now;
  const { dataset } = state.experiment.peek();
  const isOther = dataset in before && JSON.stringify(before[dataset]) !== JSON.stringify(now[dataset]);
  if (isOther && !runState.run.peek()?.isUnderWay.peek()) await reload();
}

const sourceOf = ({ dataset, clean }: Experiment): Source => ({ dataset, clean });

/** Finds out what there is to train. What comes with the page stands in for a default that could not be loaded. */
async function find(source: Source): Promise<void> {
  const name = source.dataset;
  const isStillAsked = () => JSON.stringify(sourceOf(state.experiment.peek())) === JSON.stringify(source);
  const before = state.dataset.peek().error;
  if (before && state.pageError.peek()?.what === before.what) state.pageError.value = undefined;
  state.dataset.value = { name };
  try {
    const facts = await training.facts(source);
    if (!isStillAsked()) return;
    state.dataset.value = { name, facts };
    const overview = await training.overview(source);
    if (isStillAsked()) state.dataset.value = { name, facts, overview };
  } catch (thrown) {
    if (!isStillAsked()) return;
    const error = thrown as ErrorParts;
    if (!state.datasetIsChosen.peek() && name !== 'digits') {
      state.experiment.value = { ...state.experiment.peek(), dataset: 'digits', clean: [] };
      state.say(
        `${datasetTitle(name)} could not be loaded (${error.what}). These are the digits that come with the page.`,
      );
      return;
    }
    state.dataset.value = { name, error };
    state.pageError.value = { ...error, ...(name !== 'own' && { retry: reload }) };
  }
}
