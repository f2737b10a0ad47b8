import { type ErrorParts, partsOf } from '../../errors.ts';
import { figure } from '../../figures.ts';
import { describeModels, type LearningRate } from '../../index.ts';
import { type FilledLearningRate, fillLearningRate } from '../../model/schedule.ts';
import { withPowers } from '../ui/numbers.ts';
import type { Experiment } from './experiment.ts';

/** The given learning rate, or the optimizer's default. */
export function learningRateOf({ type, learningRate }: Experiment['optimizer']): LearningRate {
  const options = describeModels().optimizers.find((optimizer) => optimizer.type === type)?.options;
  return learningRate ?? (options?.find(({ name }) => name === 'learningRate')?.default as number);
}

export const sameRate = (a: LearningRate, b: LearningRate): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The learning rate with its defaults, or its error, because a form may be in the middle of an edit. */
export function filledRate(rate: LearningRate): { filled?: FilledLearningRate; error?: ErrorParts } {
  try {
    return { filled: fillLearningRate(rate) };
  } catch (error) {
    return { error: partsOf(error) };
  }
}

/** Whether a trainer would accept the learning rate. */
export const isValidRate = (rate: LearningRate): boolean => filledRate(rate).error === undefined;

/** Replaces a constant rate, or a schedule's initial or warmup target rate. */
export function withRate(rate: LearningRate, to: number): LearningRate {
  if (typeof rate === 'number') return to;
  const name = ['maxLearningRate', 'warmupTarget', 'initialLearningRate'].find((name) => name in rate);
  return name ? ({ ...rate, [name]: to } as LearningRate) : to;
}

/** 0.001, or "cosineDecay". */
export const rateWords = (rate: LearningRate): string =>
  typeof rate === 'number' ? withPowers(figure(rate)) : rate.type;

/** In the syntax of --learning-rate. */
export const rateText = (rate: LearningRate): string =>
  typeof rate === 'number' ? String(rate) : JSON.stringify(rate);
