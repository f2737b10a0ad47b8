import { ConfigurationError } from '../errors.ts';

/** Shares add up to one as exactly as somebody who divides in float32 can write them. */
const roundingOfShares = 1e-3;

/** @throws ConfigurationError for a label that is no class of the model. */
export function requireLabels(labels: ArrayLike<number>, classes: number): void {
  const wrong = Array.from(labels).findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong < 0) return;
  throw new ConfigurationError({
    what: 'A label is outside the classes of the model',
    found: `label ${labels[wrong]} at image ${wrong}`,
    expected: `0 to ${classes - 1}`,
  });
}

/** @throws ConfigurationError for a row of shares that has a negative one, or that doesn't add up to one. */
export function requireShares(shares: ArrayLike<number>, classes: number): void {
  for (let n = 0; n < shares.length / classes; n++) {
    const row = Array.from({ length: classes }, (_, k) => shares[n * classes + k]!);
    const sum = row.reduce((a, b) => a + b);
    if (row.every((share) => share >= 0) && Math.abs(sum - 1) <= roundingOfShares) continue;
    throw new ConfigurationError({
      what: `The shares of classes of image ${n} are invalid`,
      found: row,
      expected: `${classes} numbers >= 0 that add up to 1`,
    });
  }
}
