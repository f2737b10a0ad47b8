/** Time limit in milliseconds for a browser's answer that usually takes less than a second. */
export const browserTimeout = 30_000;

/** setTimeout fires at once for a longer delay. */
const longestTimer = 2 ** 31 - 1;

/** The result of `work`, or a rejection with the error that `late` makes if it takes longer than `milliseconds`. */
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

/** The time in words for messages: "30 seconds". */
export function secondsText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
