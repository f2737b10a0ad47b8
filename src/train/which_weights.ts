import * as v from 'valibot';
import { parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import { averageOf } from '../model/optimizer.ts';
import type { Settings } from '../plan/settings.ts';
import type { Query } from './queries.ts';
import { readWeights } from './weights.ts';

/** The weights that training updates, or their moving average. */
export type WhichWeights = 'current' | 'average';

/** Selects which of a trainer's weights to use. */
export interface WeightsOption {
  /** `'average'` selects the moving average that an optimizer with `useEma` keeps. */
  weights?: WhichWeights;
}

const weightsOption = v.strictObject({ weights: v.optional(v.picklist(['current', 'average'])) });

/** Implements `Trainer.getWeights`. */
export const weightsQuery: Query<[WeightsOption?], Float32Array[]> = async ({ settings }, options) => {
  const weights = whichWeights(settings, options, 'current');
  return (engine) => readWeights(engine, weights);
};

/**
 * The weights to evaluate with, by default the same as `fit` uses for validation: the average if the optimizer keeps one.
 *
 * @throws ConfigurationError for an invalid value, and for the average if the optimizer keeps none.
 */
export const evaluatedWeights = (settings: Settings, options: WeightsOption | undefined): WhichWeights =>
  whichWeights(settings, options, averageOf(settings.optimizer) ? 'average' : 'current');

function whichWeights({ optimizer }: Settings, options: WeightsOption = {}, byDefault: WhichWeights): WhichWeights {
  const { weights = byDefault } = parse(weightsOption, options, 'the options');
  if (weights === 'average' && !averageOf(optimizer)) {
    throw new ConfigurationError({
      what: 'The optimizer keeps no moving average of the weights',
      found: { weights },
      expected: 'an optimizer with useEma: true',
      fix: "create the trainer with optimizer: { type: 'adam', useEma: true }, or leave weights out",
    });
  }
  return weights;
}
