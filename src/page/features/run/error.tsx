import { trouble } from '../../app/state.ts';
import { ErrorBanner } from '../../ui/error_banner.tsx';
import { goOn } from './model.ts';
import { placeOf } from './place_in_run.ts';
import { goesOnFrom, run } from './state.ts';

/** The page's last error, with what can be done about it. */
export function PageError() {
  const told = trouble.value;
  const from = goesOnFrom.value;
  return (
    <ErrorBanner error={told}>
      {from && run.value?.hasFailed && from.step < run.value.steps && (
        <button id="go-on" type="button" class="primary" onClick={goOnFromThere}>
          Go on from {placeOf(run.value, from)}
        </button>
      )}
      {told?.retry && (
        <button id="try-again" type="button" class="primary" onClick={tryAgain}>
          Try again
        </button>
      )}
      <button type="button" class="quiet" onClick={dismiss}>
        Dismiss
      </button>
    </ErrorBanner>
  );
}

/** These buttons disappear with the banner, so the focus moves to the button that trains. */
function goOnFromThere(): void {
  document.getElementById('start')?.focus();
  goOn();
}

function tryAgain(): void {
  document.getElementById('start')?.focus();
  trouble.peek()?.retry?.();
}

function dismiss(): void {
  document.getElementById('start')?.focus();
  trouble.value = undefined;
}
