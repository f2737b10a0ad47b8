import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { isBetter, monitorModes, monitorOf } from '../monitor.ts';
import { defineCallback } from './callback_definition.ts';

/** State of early stopping after an epoch. */
export interface EarlyStoppingState {
  /** Epochs since the monitored value last improved, including on the baseline if there is one. */
  wait: number;
  /** Best value so far. */
  best?: number;
  /** Counted from 1. */
  bestEpoch?: number;
  /** The epoch after which it ended the run. */
  stoppedEpoch?: number;
}

/**
 * Ends the run if a monitored value hasn't improved for `patience` epochs: Keras' EarlyStopping, with its names and semantics.
 * An improvement must exceed `minDelta`. The first `startFromEpoch` epochs are ignored. With a `baseline`, only values that are
 * better than it restart the wait. The first epoch never ends a run, and epochs without validation don't count.
 */
export const earlyStopping = defineCallback({
  name: 'earlyStopping',
  kerasName: 'EarlyStopping',
  schema: v.strictObject({
    monitor: v.optional(v.string(), 'validationLoss'),
    patience: v.optional(integer(0), 0),
    minDelta: v.optional(number(0), 0),
    mode: v.optional(v.picklist(monitorModes), 'auto'),
    baseline: v.optional(number(-Infinity)),
    startFromEpoch: v.optional(integer(0), 0),
    restoreBestWeights: v.optional(v.boolean(), false),
  }),
  monitorOf: (config, measured) => monitorOf(config, measured, 'earlyStopping'),
  begin: (): EarlyStoppingState => ({ wait: 0 }),
  epochEnd({ patience, minDelta, baseline, startFromEpoch }, monitor, before, { epoch, value }) {
    if (value === undefined || epoch <= startFromEpoch) return { state: before };
    // If no epoch counts as an improvement, for example because the value is always NaN, the first one counts as the best.
    const isFirst = before.bestEpoch === undefined;
    const state = { ...before, wait: before.wait + 1, ...(isFirst && { bestEpoch: epoch }) };
    if (isBetter(monitor, value, before.best, minDelta)) {
      const isAboveBaseline = baseline === undefined || isBetter(monitor, value, baseline, minDelta);
      return {
        state: { ...state, best: value, bestEpoch: epoch, wait: isAboveBaseline ? 0 : state.wait },
        keepWeights: true,
      };
    }
    if (state.wait >= patience && epoch > 1) return { state: { ...state, stoppedEpoch: epoch }, stop: true };
    return { state, keepWeights: isFirst };
  },
});
