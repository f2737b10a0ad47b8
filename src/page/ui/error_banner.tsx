import { useEffect, useRef } from 'preact/hooks';
import type { ErrorParts } from '../../errors.ts';
import { goesOnFrom, run, trouble } from '../app/state.ts';
import { goOn } from '../features/run/model.ts';
import { placeOf } from '../features/run/place_in_run.ts';

/** An error where it can't be overlooked, and where a screen reader reads it out. */
export function Trouble() {
  const told = trouble.value;
  const box = useRef<HTMLDivElement>(null);
  // Also for whoever pressed something far below.
  useEffect(() => {
    if (told) box.current?.scrollIntoView({ block: 'nearest' });
  }, [told]);
  return (
    <div id="trouble" ref={box} class="panel trouble" role="alert" hidden={!told}>
      {told && (
        <>
          <h2>{told.what}</h2>
          <Facts {...told} />
          <div class="actions">
            {goesOnFrom.value?.isBroken && run.value && goesOnFrom.value.step < run.value.steps && (
              <button id="go-on" type="button" class="primary" onClick={goOnFromThere}>
                Go on from {placeOf(run.value, goesOnFrom.value)}
              </button>
            )}
            {told.retry && (
              <button id="try-again" type="button" class="primary" onClick={tryAgain}>
                Try again
              </button>
            )}
            <button type="button" class="quiet" onClick={putAway}>
              Put away
            </button>
          </div>
        </>
      )}
    </div>
  );
}

/** These buttons go with what they stand in: whoever came by keyboard goes on from the run's own. */
function goOnFromThere(): void {
  document.getElementById('start')?.focus();
  goOn();
}

function tryAgain(): void {
  document.getElementById('start')?.focus();
  trouble.peek()?.retry?.();
}

function putAway(): void {
  document.getElementById('start')?.focus();
  trouble.value = undefined;
}

/** What an error knows behind its first sentence. */
export function Facts({ found, expected, fix }: Partial<ErrorParts>) {
  const facts = Object.entries({ found, expected, 'to do': fix }).filter(([, value]) => value !== undefined);
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{textOf(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A value in an error's words. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
