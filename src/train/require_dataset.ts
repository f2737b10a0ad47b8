import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';

/**
 * Checks the types of a data set's parts, for callers without static types: floats, for example, would be uploaded as if they
 * were bytes. Whether the data set fits the model is checked at upload.
 *
 * @throws ConfigurationError for anything but a data set.
 */
export function requireDataset(dataset: Dataset): void {
  if (typeof dataset !== 'object' || dataset === null || !Array.isArray(dataset.imageShape)) {
    throw new ConfigurationError({
      what: 'This is not a data set',
      found: dataset,
      expected: '{ images, labels, imageShape, classNames, count }',
      fix: 'create it with createDataset',
    });
  }
  const parts = [dataset.images, dataset.labels];
  const hasLabels = dataset.labels instanceof Uint8Array || dataset.labels instanceof Uint16Array;
  const hasTargets = dataset.targets === undefined || dataset.targets instanceof Float32Array;
  if (dataset.images instanceof Uint8Array && hasLabels && hasTargets) return;
  throw new ConfigurationError({
    what: 'The images and labels of a data set must be byte arrays',
    found: parts.map((part) => (part as object | undefined)?.constructor?.name ?? String(part)).join(' and '),
    expected: 'a Uint8Array for each; labels above 255 in a Uint16Array',
    fix: 'create it with createDataset; floats go to trainOnBatch',
  });
}
