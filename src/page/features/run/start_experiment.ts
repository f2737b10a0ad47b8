import { batch, effect, signal } from '@preact/signals';
import { decode } from '../../app/experiment_url.ts';
import { dataset, datasetIsChosen, experiment, pageError, refusal, status } from '../../app/state.ts';
import { stop } from './model.ts';
import { begin } from './start.ts';
import { isReady, isStarting, run } from './state.ts';

/** Number of experiments started: a start that is waiting gives up if another one has replaced it. */
const started = signal(0);

/**
 * Sets up an experiment as its link does, and trains it as soon as everything is loaded; a running one is ended first.
 *
 * @param parameters the experiment, as the fragment of a URL.
 */
export async function startExperiment(parameters: string): Promise<void> {
  const mine = ++started.value;
  if (run.peek()?.isUnderWay.peek()) {
    stop();
    await until(() => !run.value?.isUnderWay.value);
  }
  const wanted = decode(parameters).experiment;
  batch(() => {
    experiment.value = wanted;
    datasetIsChosen.value = true;
    isStarting.value = true;
  });
  pageError.value = undefined;
  status.value = { is: 'idle' };
  const isStill = () => experiment.value === wanted && started.value === mine;
  await until(() => isReady.value || !isStill() || Boolean(dataset.value.error || refusal.value));
  if (isReady.peek() && isStill()) await begin();
  else if (started.value === mine) isStarting.value = false;
}

function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const dispose = effect(() => {
      if (!holds()) return;
      resolve();
      queueMicrotask(() => dispose());
    });
  });
}
