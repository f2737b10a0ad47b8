import { ConfigurationError } from '../errors.ts';
import type { CompiledModel } from '../model/graph.ts';
import { product } from '../product.ts';

export const imageElements = ({ inputShape }: CompiledModel): number => product(inputShape);

/** @throws ConfigurationError for anything but a whole number of float images. */
export function countImages(model: CompiledModel, images: Float32Array): number {
  const elements = imageElements(model);
  const count = images?.length / elements;
  if (!(images instanceof Float32Array) || !Number.isInteger(count)) {
    throw new ConfigurationError({
      what: "The images don't match the model's input",
      found: `${(images as object)?.constructor?.name ?? typeof images}${elements * count >= 0 ? ` of ${images.length}` : ''}`,
      expected: `a Float32Array of n x ${model.inputShape.join(' x ')} = n x ${elements} numbers`,
    });
  }
  return count;
}
