/**
 * Settles like `work`, or rejects with a signal's reason as soon as one aborts. `Promise.race` against a promise that lives as
 * long as the device would leak: that promise would keep every result it was ever raced against.
 */
export async function unlessAborted<T>(work: Promise<T>, ...signals: readonly AbortSignal[]): Promise<T> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    for (const signal of signals) {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { signal: settled.signal });
    }
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    settled.abort();
  }
}

/** Resolves when one of the signals aborts. Removes its listeners from the others, which may live as long as the device. */
export const anyAborted = (signals: readonly AbortSignal[]): Promise<void> =>
  unlessAborted(new Promise<never>(() => undefined), ...signals).catch(() => undefined);
