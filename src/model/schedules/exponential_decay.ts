import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineSchedule, rate, updates } from '../schedule_definition.ts';

/**
 * Keras' ExponentialDecay: rate = initialLearningRate * decayRate^(step / decaySteps). With `staircase` the exponent is rounded
 * down, so that the rate drops once every `decaySteps`.
 */
export const exponentialDecaySchedule = defineSchedule({
  type: 'exponentialDecay',
  schema: v.strictObject({
    type: v.literal('exponentialDecay'),
    initialLearningRate: rate(),
    decaySteps: updates(),
    decayRate: number(0, Infinity, 'open'),
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
