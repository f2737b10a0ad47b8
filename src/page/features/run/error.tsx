import { change, lacksImages, pageError } from '../../app/state.ts';
import { ErrorBanner } from '../../ui/error_banner.tsx';
import { focusTrain } from './focus_train.ts';
import { resumeRun } from './model.ts';
import { placeOf } from './place_in_run.ts';
import { resumesFrom, run } from './state.ts';

/** The page's last error, with the actions that may fix it. */
export function PageError() {
  const error = pageError.value;
  const from = resumesFrom.value;
  return (
    <ErrorBanner error={error}>
      {from && run.value?.hasFailed && from.step < run.value.steps && (
        <button id="resume" type="button" class="primary" onClick={resumeFromThere}>
          Resume from {placeOf(run.value, from)}
        </button>
      )}
      {error?.retry && (
        <button id="try-again" type="button" class="primary" onClick={tryAgain}>
          Try again
        </button>
      )}
      {lacksImages.value && (
        <button id="use-digits" type="button" onClick={useDigits}>
          Use the digits instead
        </button>
      )}
      <button type="button" class="quiet" onClick={dismiss}>
        Dismiss
      </button>
    </ErrorBanner>
  );
}

/** These buttons disappear with the banner. */
function resumeFromThere(): void {
  focusTrain();
  resumeRun();
}

function tryAgain(): void {
  focusTrain();
  pageError.peek()?.retry?.();
}

function useDigits(): void {
  focusTrain();
  change({ dataset: 'digits' });
}

function dismiss(): void {
  focusTrain();
  pageError.value = undefined;
}
