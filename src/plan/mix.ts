import type { FeatureStatistics } from '../augment/image_data_generator.ts';
import type { AugmentationConfig } from '../augment/pipeline.ts';
import { integer, number, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';

/**
 * The images of an epoch. `replace`: every image is augmented, as in Keras. `merge`: the unaugmented images and `copies`
 * augmented versions of each, shuffled together, which makes an epoch 1 + copies times as long. `probability`: each image is
 * augmented with that probability.
 */
export type Mix = 'replace' | 'merge' | { probability: number };

/** How the images of a data set are used in an epoch. */
export interface InputView {
  augmentation: AugmentationConfig;
  /** True if images are only decoded: neither augmented nor used more than once. */
  plain: boolean;
  /** Fraction of the images that is augmented. */
  probability: number;
  /** How often each image occurs in an epoch: once, plus its augmented copies. */
  views: number;
  /** Statistics of the training images, if the augmentation needs them. */
  statistics?: FeatureStatistics;
}

/** @throws ConfigurationError for any other mix, or for copies without `merge`. */
export function inputViewOf(augmentation: AugmentationConfig, mix: Mix = 'replace', copies?: number): InputView {
  const { compat } = augmentation as { compat?: unknown };
  if (mix !== 'replace' && compat !== undefined && compat !== 'corrected') {
    throw new ConfigurationError({
      what: "Keras' random numbers require that every image is augmented",
      found: { mix, compat },
      expected: "mix: 'replace', or compat: 'corrected'",
    });
  }
  const inputView = { augmentation, plain: false, probability: 1, views: 1 };
  if (copies !== undefined && mix !== 'merge') {
    throw new ConfigurationError({ what: "copies requires mix: 'merge'", found: { mix, copies } });
  }
  if (mix === 'replace') return inputView;
  if (mix === 'merge') return { ...inputView, views: 1 + parse(integer(1, 1000), copies ?? 1, 'copies') };
  const probability = (mix as { probability?: unknown } | null)?.probability;
  if (probability === undefined) {
    throw new ConfigurationError({
      what: 'mix is invalid',
      found: mix,
      expected: "'replace', 'merge' or { probability: 0 to 1 }",
    });
  }
  return { ...inputView, probability: parse(number(0, 1), probability, 'mix: probability') };
}
