import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import type { CallbackOptions, FilledCallbacks } from './callbacks/index.ts';
import type { ClassWeight } from './sample_weights.ts';

/** The options of `fit` that are plain JSON. A saved run keeps them together with the trainer's options. */
export interface FitSettings extends CallbackOptions {
  /**
   * Ends the run at the first step with a non-finite loss or gradient, with the error that is otherwise thrown after three such steps in a
   * row. No later step changes the weights. Keras' TerminateOnNaN.
   */
  terminateOnNaN?: boolean;
  /**
   * Fraction of the samples, between 0 and 1 (exclusive), to hold out for validation: the last ones of the data set before
   * shuffling, as in Keras. Ignored if `validationData` is given.
   */
  validationSplit?: number;
  /** Epochs between validations, or a list of the epochs (counted from 1) to validate after; 1 by default. */
  validationFreq?: number | readonly number[];
  /**
   * Weight of each class in the loss, by class index: Keras' class_weight, with a weight for every class in the data set.
   * `'balanced'` uses samples / (classes * samples of the class). For targets, the class is the index of the single 1, or a
   * single 0 or 1 itself. The loss of a batch is the sum of weight * loss over its samples, divided by their number, so larger weights
   * increase it. Accuracy and validation are not weighted.
   */
  classWeight?: ClassWeight;
}

export interface FilledFitSettings {
  callbacks: FilledCallbacks;
  terminateOnNaN: boolean;
  validationSplit?: number;
  validationFreq: number | readonly number[];
  classWeight?: ClassWeight;
}

export const fitSettingNames = [
  'earlyStopping',
  'reduceLrOnPlateau',
  'terminateOnNaN',
  'validationSplit',
  'validationFreq',
  'classWeight',
] as const satisfies readonly (keyof FitSettings)[];

const rest = v.strictObject({
  terminateOnNaN: v.optional(v.boolean(), false),
  validationSplit: v.optional(number(0, 1, 'open')),
});

/**
 * Everything but the callbacks and `classWeight`, whose code is loaded on demand. @throws ConfigurationError for a value out of
 * range.
 */
export function fillOtherSettings({
  validationFreq = 1,
  terminateOnNaN,
  validationSplit,
}: FitSettings): Omit<FilledFitSettings, 'callbacks' | 'classWeight'> {
  return {
    ...parse(
      rest,
      {
        ...(terminateOnNaN !== undefined && { terminateOnNaN }),
        ...(validationSplit !== undefined && { validationSplit }),
      },
      'fit',
    ),
    validationFreq: fillFrequency(validationFreq),
  };
}

function fillFrequency(value: unknown): number | readonly number[] {
  const isEpoch = (one: unknown) => Number.isSafeInteger(one) && (one as number) >= 1;
  if (isEpoch(value)) return value as number;
  if (Array.isArray(value) && value.length > 0 && value.every(isEpoch)) return value;
  throw new ConfigurationError({
    what: 'fit: validationFreq is invalid',
    found: value,
    expected: 'an integer >= 1, or a list of epochs from 1',
    fix: 'for a run without validation, leave validationData and validationSplit out',
    place: ['validationFreq'],
  });
}

/** True if there is a validation after this epoch, counted from 1. */
export const isValidated = (epoch: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === 'number' ? epoch % frequency === 0 : frequency.includes(epoch);

/** True if there is a validation after any of the given number of epochs. */
export const isEverValidated = (epochs: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === 'number' ? frequency <= epochs : frequency.some((epoch) => epoch <= epochs);
