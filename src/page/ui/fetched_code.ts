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
const loads: (() => Promise<unknown>)[] = [];

/** Tries again what has failed: at once, and otherwise by itself from time to time. */
export function fetchFailed(): void {
  for (const fetch of failed) fetch();
}

const firstRetryMs = 1000;
const slowestRetryMs = 15_000;
let retryMs = firstRetryMs;
let retry: ReturnType<typeof setTimeout> | undefined;

function retryLater(): void {
  if (retry !== undefined) return;
  retry = setTimeout(() => {
    retry = undefined;
    fetchFailed();
  }, retryMs);
  retryMs = Math.min(2 * retryMs, slowestRetryMs);
}

/** Fetches what has not been wanted yet, one part after the other, so that it is here when the network is gone. */
export async function prefetch(): Promise<void> {
  for (const load of loads) await load().catch(() => undefined); // whoever wants it tries again
}

/** @param load imports it. */
export function fetched<Code>(load: () => Promise<Code>): Fetched<Code> {
  const code = signal<Code | undefined>();
  loads.push(load);
  let isFetching = false;
  const fetch = async () => {
    if (isFetching) return;
    isFetching = true;
    try {
      code.value = await load();
      failed.delete(fetch);
      if (failed.size === 0) {
        failedFetch.value = undefined;
        retryMs = firstRetryMs;
      }
    } catch (error) {
      isFetching = false;
      failed.add(fetch);
      failedFetch.value = String(error);
      retryLater();
    }
  };
  return { code, fetch };
}
