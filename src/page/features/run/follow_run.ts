import { effect, untracked } from '@preact/signals';
import { run } from './state.ts';

/**
 * Follows the run that is shown.
 *
 * @param another is called when another run takes its place. @param over is called when a run that has trained is over, or was
 * read from a file.
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
