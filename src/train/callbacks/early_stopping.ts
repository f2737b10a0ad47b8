import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { isBetter, monitorModes, monitorOf } from '../monitor.ts';
import { defineCallback } from './callback_definition.ts';

/** Where early stopping stands after an epoch. */
export interface EarlyStoppingState {
  /** Epochs since the figure last improved, on the baseline too where there is one. */
  wait: number;
  /** The best value of the monitored figure. */
  best?: number;
  /** From 1. */
  bestEpoch?: number;
  /** The epoch that it ended the run after. */
  stoppedEpoch?: number;
}

/**
 * Ends the run when a figure hasn't improved for `patience` epochs: Keras' EarlyStopping, its names and semantics. An
 * improvement is more than `minDelta`; the first `startFromEpoch` epochs are not looked at; with a `baseline` only what is
 * better than it, too, restarts the wait. The first epoch never ends a run. Epochs without validation don't count.
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
    // Where no epoch is better than nothing, as of one figure that is NaN, the first one is the best that there is.
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
