import { effect } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { datasetTitle, datasetTitles } from '../../app/dataset_titles.ts';
import type { Experiment } from '../../app/experiment.ts';
import * as state from '../../app/state.ts';
import type { Source } from '../../app/worker/datasets.ts';
import { training } from '../../app/worker_client.ts';
import * as runState from '../run/state.ts';

/** Updates `dataset` when the experiment's data set changes. */
export function installDataset(): void {
  seeWhatIsThere();
  // In the meantime a data set may have been downloaded with the command, in another window.
  addEventListener('focus', seeWhatIsThere);
  addEventListener('online', tryAgain);
  // A change of another part of the experiment must not reload the data set.
  let asked = '';
  effect(() => {
    const source = sourceOf(state.experiment.value);
    const key = JSON.stringify(source);
    if (key === asked) return;
    asked = key;
    find(source);
  });
}

/** Reloads the experiment's data set: it failed to load, or its name now refers to other images. */
export const reload = (): Promise<void> => find(sourceOf(state.experiment.peek()));

/** Retries what failed and may succeed now. */
function tryAgain(): void {
  seeWhatIsThere();
  const { error } = state.dataset.peek();
  const { retry } = state.pageError.peek() ?? {};
  if (error && !state.lacksImages.peek()) reload();
  else retry?.();
}

/** Asks which data sets the page and its server have. If that is unknown, all are offered, and fail with their reasons. */
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

/** Loads the data set of a source. If the default cannot be loaded, a built-in data set replaces it. */
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
