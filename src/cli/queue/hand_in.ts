import { withinTime } from '../../time_limit.ts';

/** Time limit in milliseconds for handing in states after a SIGTERM: systems send a kill 10 to 30 seconds later. */
const handingIn = 8_000;

/**
 * Ends a process that trains tasks of a queue: it waits until the running tasks have been given back with their states, then closes
 * the browsers.
 *
 * @param done resolves when the tasks have been given back; undefined if none has been taken.
 */
export async function handIn(
  stop: () => void,
  done: Promise<unknown> | undefined,
  chromes: readonly { close(): Promise<void> }[],
): Promise<void> {
  stop();
  await withinTime(done ?? Promise.resolve(), handingIn, () => new Error('late')).catch(() => undefined);
  await Promise.all(chromes.map((chrome) => chrome.close()));
}
