import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineSchedule, rate, updates } from '../schedule_definition.ts';

/**
 * Keras' ExponentialDecay: rate = initialLearningRate * decayRate^(step / decaySteps). With `staircase` the exponent is
 * rounded down, so that the rate falls once every `decaySteps`.
 */
export const exponentialDecaySchedule = defineSchedule({
  type: 'exponentialDecay',
  schema: v.strictObject({
    /** The type of the schedule. */
    type: v.literal('exponentialDecay'),
    /** The first rate, >= 0; required. */
    initialLearningRate: rate(),
    /** Updates in which the rate is multiplied by `decayRate`; a positive integer, required. */
    decaySteps: updates(),
    /** What the rate is multiplied by, above 0; required. */
    decayRate: number(0, Infinity, 'open'),
    /** Whether the rate falls once every `decaySteps` updates rather than a little at each; false by default. */
    staircase: v.optional(v.boolean(), false),
  }),
  starter: (steps, initialLearningRate) => ({ initialLearningRate, decaySteps: steps, decayRate: 0.1 }),
  rate: ({ initialLearningRate, decaySteps, decayRate, staircase }, step) => {
    const p = step / decaySteps;
    return initialLearningRate * decayRate ** (staircase ? Math.floor(p) : p);
  },
  parameters: ({ initialLearningRate, decaySteps, decayRate, staircase }) => ({
    initial: initialLearningRate,
    decay_steps: decaySteps,
    log2_decay_rate: Math.log2(decayRate),
    staircase: Number(staircase),
  }),
});
