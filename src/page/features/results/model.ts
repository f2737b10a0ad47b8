import { signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { experiment, pageError } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { followRun } from '../run/follow_run.ts';
import { run } from '../run/state.ts';
import type { ImageOfCell, Results } from './worker.ts';

/** The predictions of the shown run's network for all validation images; undefined until they have been evaluated. */
export const results = signal<Results | undefined>();
export const isEvaluating = signal(false);

/** A cell of the confusion matrix, with its images once they have been loaded. */
export const cell = signal<{ actual: number; predicted: number; images?: ImageOfCell[] } | undefined>();

/** Shows the images of a cell, or hides them if they are already shown. */
export async function showCell(actual: number, predicted: number): Promise<void> {
  const before = cell.peek();
  if (before?.actual === actual && before.predicted === predicted) {
    cell.value = undefined;
    return;
  }
  const chosen = { actual, predicted };
  cell.value = chosen;
  try {
    const images = await training.imagesOfCell(actual, predicted);
    if (cell.peek() === chosen) cell.value = images && { ...chosen, images };
  } catch (error) {
    pageError.value = error as ErrorParts;
  }
}

/** Evaluates all validation images; if a run is training, between two of its steps. */
export async function evaluate(): Promise<void> {
  const shown = run.peek();
  if (!shown || shown.twinB || isEvaluating.peek()) return;
  isEvaluating.value = true;
  try {
    const found = await training.results(experiment.peek().testTimeAugmentation);
    if (run.peek() !== shown) return;
    cell.value = undefined; // the counts have changed
    results.value = found;
  } catch (error) {
    pageError.value = error as ErrorParts;
  } finally {
    isEvaluating.value = false;
  }
}

/** A new run has no results yet; one that has ended is evaluated. */
export function installResults(): void {
  followRun(() => {
    results.value = undefined;
    cell.value = undefined;
  }, evaluate);
}
