import type { Pipeline } from '../augment/pipeline.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { product } from '../product.ts';
import type { ModelFacts } from './labels.ts';

/**
 * @throws ConfigurationError if the images don't have the model's input shape, or there are more images than labels or the
 * reverse.
 */
export function checkImages(
  { imageShape, images, labels, count, source }: Dataset,
  pipeline: Pipeline,
  { inputShape }: Pick<ModelFacts, 'inputShape'>,
): void {
  checkImageShape(imageShape, pipeline, inputShape);
  const bytes = product(imageShape);
  if (count >= 1 && images.length === (source ? 0 : count * bytes) && labels.length === count) return;
  throw new ConfigurationError({
    what: "The data set's parts don't fit each other",
    found: `count ${count}, ${images.length} bytes of images, ${labels.length} labels`,
    expected: `${count * bytes} bytes of images and ${count} labels, of at least one image`,
    fix: 'create it with createDataset',
  });
}

/** @throws ConfigurationError if the augmentation's output doesn't have the model's input shape. */
export function checkImageShape(
  imageShape: readonly number[],
  pipeline: Pipeline,
  inputShape: readonly number[],
): void {
  const { height, width, channels } = pipeline.to;
  const given = [height, width, channels];
  if (given.join() !== inputShape.join()) {
    throw new ConfigurationError({
      what: "The data set's images don't have the model's input shape",
      found:
        given.join() === imageShape.join() ? imageShape : `${imageShape}, which the augmentation turns into ${given}`,
      expected: `[${inputShape.join(', ')}]`,
      fix: 'change the inputShape of the model or use another data set',
    });
  }
}
