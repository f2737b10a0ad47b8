import { type ReadonlySignal, signal } from '@preact/signals';
import { trouble } from '../app/state.ts';

/** A piece of the page's code that is fetched when it is wanted. */
export interface Fetched<Code> {
  /** Undefined until it is there. */
  readonly code: ReadonlySignal<Code | undefined>;
  /** Fetches it, where nobody has yet. Where it can't be had, `trouble` tells. */
  fetch(): Promise<void>;
}

/** @param load imports it. */
export function fetched<Code>(load: () => Promise<Code>): Fetched<Code> {
  const code = signal<Code | undefined>();
  let isFetching = false;
  const fetch = async () => {
    if (isFetching) return;
    isFetching = true;
    const before = returns;
    try {
      code.value = await load();
      failed.delete(fetch);
      // One error stands for all parts that failed: it goes when the last of them is there.
      if (failed.size === 0 && trouble.peek()?.retry === fetchFailed) trouble.value = undefined;
    } catch (error) {
      isFetching = false;
      failed.add(fetch);
      // What failed only after the network had come back was not among what was tried again then.
      if (returns !== before) return fetch();
      trouble.value = {
        what: 'A part of this page could not be fetched',
        found: String(error),
        fix:
          'check the network connection, then try again; a run that is here is safe. If that does not help, a newer page ' +
          'has replaced this one on its server: save the run, and reload',
        retry: fetchFailed,
      };
    }
  };
  return { code, fetch };
}

/** How often the network has come back. */
let returns = 0;
addEventListener('online', () => returns++);

const failed = new Set<() => Promise<void>>();

function fetchFailed(): void {
  for (const fetch of failed) fetch();
}
