import { type ReadonlySignal, signal } from '@preact/signals';

/** A piece of the page's code that is fetched when it is wanted. */
export interface Fetched<Code> {
  /** Undefined until it is there. */
  readonly code: ReadonlySignal<Code | undefined>;
  /** Fetches it, where nobody has yet. Where that fails, `failedFetch` says why. */
  fetch(): Promise<void>;
}

/** Why a part of the page is missing that is wanted; undefined while all that is wanted is there. */
export const failedFetch = signal<string | undefined>();

const failed = new Set<() => Promise<void>>();

/** Tries again what has failed. */
export function fetchFailed(): void {
  for (const fetch of failed) fetch();
}

/** @param load imports it. */
export function fetched<Code>(load: () => Promise<Code>): Fetched<Code> {
  const code = signal<Code | undefined>();
  let isFetching = false;
  const fetch = async () => {
    if (isFetching) return;
    isFetching = true;
    try {
      code.value = await load();
      failed.delete(fetch);
      if (failed.size === 0) failedFetch.value = undefined;
    } catch (error) {
      isFetching = false;
      failed.add(fetch);
      failedFetch.value = String(error);
    }
  };
  return { code, fetch };
}
