import { type ReadonlySignal, signal } from '@preact/signals';
import { trouble } from './state.ts';

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
  return {
    code,
    fetch: async () => {
      if (isFetching) return;
      isFetching = true;
      try {
        code.value = await load();
      } catch (error) {
        isFetching = false;
        trouble.value = {
          what: 'A part of this page could not be fetched',
          found: String(error),
          fix: 'load this page again; if that does not help, it has been replaced by a newer one on its server',
        };
      }
    },
  };
}
