import { type ReadonlySignal, signal } from '@preact/signals';

/** A chunk of the page's code that is loaded on demand. */
export interface Fetched<Code> {
  /** Undefined until it has been loaded. */
  readonly code: ReadonlySignal<Code | undefined>;
  /** Loads the code, unless that has been done. If it fails, `failedFetch` has the reason. */
  fetch(): Promise<void>;
}

/** Why a chunk that is needed is missing; undefined if none is missing. */
export const failedFetch = signal<string | undefined>();

const failed = new Set<() => Promise<void>>();
const loads: (() => Promise<unknown>)[] = [];

/** Retries failed chunks: at once when called, and otherwise at intervals. */
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

/** Loads all remaining chunks, one after the other, so that they are available without a network. */
export async function prefetch(): Promise<void> {
  for (const load of loads) await load().catch(() => undefined); // retried when it is needed
}

/** @param load imports the code. */
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
