import { effect, signal } from '@preact/signals';
import { dataset, refusal, trouble } from '../../app/state.ts';
import { stop } from '../run/model.ts';
import { begin } from '../run/start.ts';
import { isReady, run } from '../run/state.ts';
import type { GalleryExperiment } from './experiments.ts';

/** The experiment of the gallery that was started last. */
const started = signal<GalleryExperiment | undefined>();

/** Sets an experiment up, as its link does, and trains it as soon as everything is there; a run under way ends first. */
export async function startExperiment(experiment: GalleryExperiment): Promise<void> {
  if (run.peek()?.isUnderWay.peek()) {
    stop();
    await until(() => !run.value?.isUnderWay.value);
  }
  const hash = `#${experiment.parameters}`;
  if (location.hash !== hash) {
    const isRead = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }));
    location.hash = hash;
    await isRead;
  }
  trouble.value = undefined;
  started.value = experiment;
  const isStill = () => location.hash === hash && started.value === experiment;
  await until(() => isReady.value || !isStill() || Boolean(dataset.value.error || refusal.value));
  if (isReady.peek() && isStill()) await begin();
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
