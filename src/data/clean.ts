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

/** The findings that are dropped; others stay. */
export type Cleaning = Partial<Record<Finding, boolean>>;

/** Data without the images that were found to be faulty. */
export interface Cleaned extends TrainAndTest {
  /** Indices into the parts as they came, in order; each image under the one finding that it was dropped for. */
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
 * A data set without the images that have certain findings (see `findings`). Labels outside the classes go first, then
 * constant images, all that conflict, test images that are also training images, and last all but the first of equal
 * images with one label; each looks only at what the ones before it have left, so that of two equal images one stays
 * unless both have to go. What stays keeps its order. Classes are as inspectDatasets finds them.
 *
 * @throws ConfigurationError for an option that is none.
 * @throws DataError as inspectDatasets does, for a label outside the classes that stays, and where no image is left.
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
    // A part that was empty before has not been emptied by cleaning.
    if (gone[part].size > 0 && gone[part].size === facts.labels[part].length) throw nothingLeft(part, dropped[part]);
  }
  const train = { ...without(pair.train, gone.train), classNames: facts.classNames };
  return { ...createDatasets({ train, test: without(pair.test, gone.test) }), dropped };
}

const none = () =>
  Object.fromEntries(findings.map((finding) => [finding, [] as number[]])) as Record<Finding, number[]>;

/** The images that are not gone; the same memory where none is. */
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
    what: `Cleaning leaves no ${part === 'train' ? 'training' : 'test'} image`,
    found: reasons.map((finding) => `${dropped[finding].length} dropped for ${finding}`).join(', ') || '0 images',
    expected: 'at least one that stays',
    fix: 'inspect the data set, and drop less',
  });
}
