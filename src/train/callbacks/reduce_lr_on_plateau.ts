import * as v from 'valibot';
import { integer, number } from '../../check.ts';
import { monitorModes, monitorOf } from '../monitor.ts';
import { defineCallback } from './callback_definition.ts';

/** State of the learning-rate reduction after an epoch. */
export interface ReduceLrOnPlateauState {
  /** Epochs since the monitored value last improved, or the rate was reduced. */
  wait: number;
  /** Remaining epochs of the cooldown. */
  cooldown: number;
  /** Best value so far. */
  best?: number;
}

/**
 * Multiplies the learning rate by `factor` if a monitored value hasn't improved for `patience` epochs: Keras'
 * ReduceLROnPlateau, with its names and semantics. It then waits for `cooldown` epochs, and never sets a rate below `minLr`.
 */
export const reduceLrOnPlateau = defineCallback({
  name: 'reduceLrOnPlateau',
  kerasName: 'ReduceLROnPlateau',
  schema: v.strictObject({
    monitor: v.optional(v.string(), 'validationLoss'),
    factor: v.optional(number(0, 1, 'open'), 0.1),
    patience: v.optional(integer(0), 10),
    mode: v.optional(v.picklist(monitorModes), 'auto'),
    minDelta: v.optional(number(0), 1e-4),
    cooldown: v.optional(integer(0), 0),
    minLr: v.optional(number(0), 0),
  }),
  monitorOf: (config, measured) => monitorOf(config, measured, 'reduceLrOnPlateau'),
  begin: (): ReduceLrOnPlateauState => ({ wait: 0, cooldown: 0 }),
  epochEnd({ factor, patience, minDelta, cooldown, minLr }, { mode }, before, { value, learningRate }) {
    if (value === undefined) return { state: before };
    const isCooling = before.cooldown > 0;
    const state = isCooling ? { ...before, cooldown: before.cooldown - 1, wait: 0 } : before;
    const { best = mode === 'min' ? Infinity : -Infinity } = state;
    if (mode === 'min' ? value < best - minDelta : value > best + minDelta) {
      return { state: { ...state, best: value, wait: 0 } };
    }
    if (state.cooldown > 0) return { state };
    const wait = state.wait + 1;
    // Keras multiplies the value of its variable, which is a float32.
    const rate = Math.fround(learningRate);
    if (wait < patience || !(rate > Math.fround(minLr))) return { state: { ...state, wait } };
    return { state: { ...state, wait: 0, cooldown }, learningRate: Math.fround(Math.max(rate * factor, minLr)) };
  },
});
