import { describeOptions, type OptionFacts } from '../options.ts';
import { generatorOptions } from './image_data_generator.ts';
import { definitions } from './ops/index.ts';

/** What can be configured of an augmentation: each option with its default and its range, as a form needs them. */
export interface AugmentationFacts {
  /** Keras' ImageDataGenerator arguments. */
  generator: OptionFacts[];
  /** Every op that a list may have, with its options. */
  ops: { type: string; options: OptionFacts[] }[];
}

/** The options of an augmentation as plain JSON, from the schemas that check it: for a form, or a page of documentation. */
export function describeAugmentation(): AugmentationFacts {
  const ops = [...definitions.values()].map(({ type, schema }) => ({ type, options: describeOptions(schema) }));
  return { generator: generatorOptions(), ops };
}
