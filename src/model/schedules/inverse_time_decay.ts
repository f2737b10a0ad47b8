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
    type: v.literal('inverseTimeDecay'),
    initialLearningRate: rate(),
    decaySteps: updates(),
    decayRate: number(0),
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
