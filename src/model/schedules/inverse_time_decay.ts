import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineSchedule, rate, updates } from '../schedule_definition.ts';

/**
 * Keras' InverseTimeDecay: rate = initialLearningRate / (1 + decayRate * step / decaySteps). With `staircase`
 * step / decaySteps is rounded down.
 */
export const inverseTimeDecaySchedule = defineSchedule({
  type: 'inverseTimeDecay',
  schema: v.strictObject({
    /** The type of the schedule. */
    type: v.literal('inverseTimeDecay'),
    /** The first rate, >= 0; required. */
    initialLearningRate: rate(),
    /** Updates that count as one in the formula; a positive integer, required. */
    decaySteps: updates(),
    /** How fast the rate falls, >= 0; required. */
    decayRate: number(0),
    /** Whether the rate falls once every `decaySteps` updates rather than a little at each; false by default. */
    staircase: v.optional(v.boolean(), false),
  }),
  starter: (steps, initialLearningRate) => ({ initialLearningRate, decaySteps: steps, decayRate: 9 }),
  rate: ({ initialLearningRate, decaySteps, decayRate, staircase }, step) => {
    const p = step / decaySteps;
    return initialLearningRate / (1 + decayRate * (staircase ? Math.floor(p) : p));
  },
  parameters: ({ initialLearningRate, decaySteps, decayRate, staircase }) => ({
    initial: initialLearningRate,
    decay_steps: decaySteps,
    decay_rate: decayRate,
    staircase: Number(staircase),
  }),
});
