import * as v from 'valibot';
import type { AugmentationConfig } from '../augment/pipeline.ts';
import { integer, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import type { InputView } from '../plan/mix.ts';
import { pipelineFor } from '../plan/pipeline_for.ts';

/** Number of augmented samples per image, and the augmentation: the trainer's by default, null for none. */
export type TestTimeAugmentation = number | { samples: number; augmentation?: AugmentationConfig | null };

const schema = v.strictObject({
  samples: integer(1, 10_000),
  augmentation: v.optional(
    v.nullable(v.custom<AugmentationConfig>((value) => typeof value === 'object', 'an augmentation')),
  ),
});

export type FilledTestTimeAugmentation = v.InferOutput<typeof schema>;

/** @throws ConfigurationError for a number of samples below 1. */
export const fillTestTimeAugmentation = (value: TestTimeAugmentation): FilledTestTimeAugmentation =>
  parse(schema, typeof value === 'object' ? value : { samples: value }, 'testTimeAugmentation');

/** The input view of a data set: with the trainer's augmentation, or with the given one. */
export const viewOf = (inputView: InputView, { augmentation }: FilledTestTimeAugmentation): InputView => ({
  ...inputView,
  ...(augmentation !== undefined && { augmentation: augmentation ?? {} }),
  ...{ plain: false, probability: 1, views: 1 },
});

/**
 * Checks a test-time augmentation before anything is computed.
 *
 * @throws ConfigurationError for an augmentation that mixes images.
 */
export function requireTestTimeAugmentationFits(
  inputView: InputView,
  dataset: Dataset,
  given: FilledTestTimeAugmentation,
): void {
  requireOwnLabels(viewOf(inputView, given), dataset);
}

/** @throws ConfigurationError if samples would be mixed with images of other labels. */
export function requireOwnLabels({ augmentation, statistics }: InputView, { imageShape }: Dataset): void {
  if (!pipelineFor(augmentation, imageShape, statistics).paired) return;
  throw new ConfigurationError({
    what: 'testTimeAugmentation cannot mix images: the prediction for a mixture belongs to neither image',
    found: augmentation,
    expected: 'an augmentation of single images',
    fix: 'pass another one: testTimeAugmentation: { samples, augmentation }',
  });
}
