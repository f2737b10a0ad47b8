import { effect, signal, untracked } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { experiment, trouble } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { run } from '../run/state.ts';
import type { Results } from './worker.ts';

/** What the network of the run that is shown predicts for all validation images; undefined until they were evaluated. */
export const results = signal<Results | undefined>();
export const isLooking = signal(false);

/** Goes over all validation images; where a run is under way, it waits for that. */
export async function look(): Promise<void> {
  const shown = run.peek();
  if (!shown || shown.beside || isLooking.peek()) return;
  isLooking.value = true;
  try {
    const found = await training.results(experiment.peek().testTimeAugmentation);
    if (run.peek() === shown) results.value = found;
  } catch (error) {
    trouble.value = error as ErrorParts;
  } finally {
    isLooking.value = false;
  }
}

/** Another run has no results yet; one that has ended is evaluated. */
export function installResults(): void {
  let shownBefore = run.peek();
  effect(() => {
    const shown = run.value;
    const isOver = shown && !shown.isUnderWay.value;
    untracked(() => {
      if (shown !== shownBefore) {
        shownBefore = shown;
        results.value = undefined;
      }
      if (isOver && shown.log.steps.length) look();
    });
  });
}
