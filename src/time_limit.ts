/** Milliseconds that a browser may take for an answer that it usually gives within a second. */
export const browserTimeout = 30_000;

/** setTimeout fires at once for anything longer. */
const longestTimer = 2 ** 31 - 1;

/** The result of `work`, or a rejection with the error that `late` makes when it takes longer than so many milliseconds. */
export async function withinTime<T>(work: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  if (milliseconds > longestTimer) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** "30 seconds", for messages. */
export function secondsText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
