import { describeOptions, type OptionFacts } from '../options.ts';
import { generatorOptions } from './image_data_generator.ts';
import { definitions } from './ops/index.ts';

/** The configurable options of an augmentation with their defaults and ranges, for building a form. */
export interface AugmentationFacts {
  /** Keras' ImageDataGenerator arguments. */
  generator: OptionFacts[];
  /** Every op that a list may contain, with its options. */
  ops: { type: string; options: OptionFacts[] }[];
}

/**
 * Describes the options of an augmentation as plain JSON, derived from the schemas that validate them. Used for forms and
 * documentation.
 */
export function describeAugmentation(): AugmentationFacts {
  const ops = [...definitions.values()].map(({ type, schema }) => ({ type, options: describeOptions(schema) }));
  return { generator: generatorOptions(), ops };
}
