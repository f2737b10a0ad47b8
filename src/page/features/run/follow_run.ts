import { effect, untracked } from '@preact/signals';
import { run } from './state.ts';

/**
 * Observes the shown run.
 *
 * @param another called when another run replaces it. @param over called when a run has ended, or has been loaded from a file.
 */
export function followRun(another: () => void, over: () => void): void {
  let shownBefore = run.peek();
  effect(() => {
    const shown = run.value;
    const isOver = shown && !shown.isUnderWay.value;
    untracked(() => {
      if (shown !== shownBefore) {
        shownBefore = shown;
        another();
      }
      if (isOver && shown.log.steps.length) over();
    });
  });
}
