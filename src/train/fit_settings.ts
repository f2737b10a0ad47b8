import * as v from 'valibot';
import { number, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import type { CallbackOptions, FilledCallbacks } from './callbacks/index.ts';
import type { ClassWeight } from './sample_weights.ts';

/** The options of `fit` that are plain JSON: a saved run keeps them with the trainer's options. */
export interface FitSettings extends CallbackOptions {
  /**
   * Ends the run at the first step whose loss or gradients are not finite, with the error that otherwise comes after three of
   * them in a row. No step after it moves the weights. Keras' TerminateOnNaN.
   */
  terminateOnNaN?: boolean;
  /**
   * The share of the samples, above 0 and below 1, that is held out for validation: the last ones of the data set, before it
   * is shuffled, as Keras has it. Where there is `validationData`, that is taken instead.
   */
  validationSplit?: number;
  /** Validates every so many epochs, or after those that are listed, from 1; after every one by default. */
  validationFreq?: number | readonly number[];
  /**
   * How much the loss of each class counts, by its index: Keras' class_weight, a weight for every class that the data set has;
   * `'balanced'` gives samples / (classes * samples of the class). For targets, the class is the index of the single 1, or a
   * single 0 or 1 itself. The loss of a batch is the sum of weight * loss over its samples / their number, so that weights
   * scale it; accuracy counts every sample as one, and validation is not weighted.
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

/** All but the callbacks and `classWeight`, whose code is loaded on demand. @throws ConfigurationError for a value out of range. */
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

/** Whether there is a validation after an epoch, from 1. */
export const isValidated = (epoch: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === 'number' ? epoch % frequency === 0 : frequency.includes(epoch);

/** Whether there is a validation after any of so many epochs. */
export const isEverValidated = (epochs: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === 'number' ? frequency <= epochs : frequency.some((epoch) => epoch <= epochs);
