import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ErrorParts } from '../errors.ts';
import { browserOf, waysToWebGpu } from './browser.ts';
import { goOn } from './control.ts';
import { placeOf } from './panels/go_on.tsx';
import { goesOnFrom, noGpu, run, trouble } from './state.ts';

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

/** In place of everything, where there is no WebGPU: what was tried, and what to do in this browser on this system. */
export function NoWebGpu() {
  const error = noGpu.value;
  if (!error) return null;
  const browser = browserOf(navigator.userAgent);
  const { name, version, system } = browser;
  const tried = [
    `${name}${version ? ` ${version}` : ''} on ${system}`,
    `a secure page (https or localhost): ${isSecureContext ? 'yes' : 'no'}`,
    `navigator.gpu: ${navigator.gpu ? 'it is there' : 'not there'}`,
    ...('found' in error ? [`opening a GPU in a worker: ${textOf(error.found)}`] : []),
  ];
  return (
    <div class="panel trouble" role="alert">
      <h2>{error.what}: this page can't train</h2>
      <h3>What was tried</h3>
      <ul>
        {tried.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <h3>What to do</h3>
      <ul>
        {waysToWebGpu(browser, isSecureContext).map((text) => (
          <li key={text}>{withCode(text)}</li>
        ))}
      </ul>
    </div>
  );
}

/** Backquotes as in Markdown. */
const withCode = (text: string): ComponentChildren =>
  text.split('`').map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
