import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineSchedule, rate, updates } from '../schedule_definition.ts';

/**
 * Keras' PolynomialDecay: rate = (initialLearningRate - endLearningRate) * (1 - step / decaySteps)^power + endLearningRate,
 * with step limited to decaySteps. With `cycle`, each time the decay ends it restarts over two, three, ... times decaySteps
 * counted from step 0, as in Keras.
 */
export const polynomialDecaySchedule = defineSchedule({
  type: 'polynomialDecay',
  schema: v.strictObject({
    type: v.literal('polynomialDecay'),
    initialLearningRate: rate(),
    decaySteps: updates(),
    endLearningRate: v.optional(rate(), 0.0001),
    power: v.optional(number(0, Infinity, 'open'), 1),
    cycle: v.optional(v.boolean(), false),
  }),
  starter: (steps, initialLearningRate) => ({ initialLearningRate, decaySteps: steps }),
  rate: ({ initialLearningRate, decaySteps, endLearningRate, power, cycle }, step) => {
    const total = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
    const p = Math.min(step, total) / total;
    return (initialLearningRate - endLearningRate) * (1 - p) ** power + endLearningRate;
  },
  parameters: ({ initialLearningRate, decaySteps, endLearningRate, power, cycle }) => ({
    initial: initialLearningRate,
    decay_steps: decaySteps,
    end: endLearningRate,
    power,
    cycle: Number(cycle),
  }),
  length: ({ decaySteps, cycle }) => (cycle ? Infinity : decaySteps),
});
