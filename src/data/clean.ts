import * as v from 'valibot';
import { parse } from '../check.ts';
import { DataError } from '../errors.ts';
import {
  badLabel,
  bytesAnImage,
  createDatasets,
  type DatasetParts,
  type Part,
  type TrainAndTest,
  type TrainAndTestParts,
} from './dataset.ts';
import { examine, type Finding, findings, look, where } from './findings.ts';

/** Which findings to drop; images with other findings are kept. */
export type Cleaning = Partial<Record<Finding, boolean>>;

/** A data set after faulty images were removed. */
export interface Cleaned extends TrainAndTest {
  /** Indices into the original parts, in order. Each image is listed under the finding for which it was dropped. */
  dropped: Record<Part, Record<Finding, number[]>>;
}

const options = v.strictObject({
  labels: v.optional(v.boolean(), false),
  constant: v.optional(v.boolean(), false),
  conflicts: v.optional(v.boolean(), false),
  leaks: v.optional(v.boolean(), false),
  duplicates: v.optional(v.boolean(), false),
} satisfies Record<Finding, unknown>);

/**
 * Removes the images with the selected findings (see `findings`) from a data set. Invalid labels are removed first, then constant
 * images, then all conflicting images, then test images that also occur in the training set, and finally all but the first of
 * identical images with the same label. Each step considers only the images that the previous ones kept, so one of two identical
 * images is kept unless both must go. The order is preserved. Classes are determined as in inspectDatasets.
 *
 * @throws ConfigurationError for an unknown option.
 * @throws DataError as inspectDatasets does, for an invalid label that is kept, and if no image is left.
 */
export function cleanDatasets(pair: TrainAndTestParts, cleaning: Cleaning): Cleaned {
  const chosen = parse(options, cleaning, 'The cleaning');
  const facts = examine(pair);
  const gone = { train: new Set<number>(), test: new Set<number>() };
  const dropped = { train: none(), test: none() };
  for (const finding of findings.filter((finding) => chosen[finding])) {
    const found = look(finding, facts, gone);
    for (const part of ['train', 'test'] as const) {
      dropped[part][finding] = found[part];
      for (const i of found[part]) gone[part].add(i);
    }
  }
  const stays = look('labels', facts, gone);
  for (const part of ['train', 'test'] as const) {
    const [at] = stays[part];
    if (at !== undefined) throw badLabel(part, at, facts.labels[part][at]!, facts.classNames.length);
    // A part that was already empty is not an error.
    if (gone[part].size > 0 && gone[part].size === facts.labels[part].length) throw nothingLeft(part, dropped[part]);
  }
  const train = { ...without(pair.train, gone.train), classNames: facts.classNames };
  return { ...createDatasets({ train, test: without(pair.test, gone.test) }), dropped };
}

const none = () =>
  Object.fromEntries(findings.map((finding) => [finding, [] as number[]])) as Record<Finding, number[]>;

/** Removes the images in `gone`; returns the same memory if there are none. */
function without(parts: DatasetParts, gone: ReadonlySet<number>): DatasetParts {
  if (gone.size === 0) return parts;
  const bytes = bytesAnImage(parts.imageShape as [number, number, number]);
  const count = parts.labels.length - gone.size;
  const images = new Uint8Array(count * bytes);
  const stays = where(parts.labels.length, (i) => !gone.has(i));
  stays.forEach((from, to) => {
    images.set(parts.images.subarray(from * bytes, (from + 1) * bytes), to * bytes);
  });
  const { targets, sampleWeights } = parts;
  const outputs = targets ? targets.length / parts.labels.length : 0;
  return {
    ...parts,
    images,
    labels: stays.map((i) => parts.labels[i]!),
    ...(sampleWeights && { sampleWeights: stays.map((i) => sampleWeights[i]!) }),
    ...(targets && {
      targets: Float32Array.from(stays.flatMap((i) => [...targets.subarray(i * outputs, (i + 1) * outputs)])),
    }),
  };
}

function nothingLeft(part: Part, dropped: Record<Finding, number[]>): DataError {
  const reasons = findings.filter((finding) => dropped[finding].length > 0);
  return new DataError({
    what: `Cleaning would leave no ${part === 'train' ? 'training' : 'test'} image`,
    found: reasons.map((finding) => `${dropped[finding].length} dropped for ${finding}`).join(', ') || '0 images',
    expected: 'at least one remaining image',
    fix: 'inspect the data set, and drop fewer images',
  });
}
