import { ConfigurationError } from '../errors.ts';

/** @throws ConfigurationError for a label that is not a class of the model. */
export function requireLabels(labels: ArrayLike<number>, classes: number): void {
  const wrong = Array.from(labels).findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong < 0) return;
  throw new ConfigurationError({
    what: 'A label is outside the classes of the model',
    found: `label ${labels[wrong]} at image ${wrong}`,
    expected: `0 to ${classes - 1}`,
  });
}
