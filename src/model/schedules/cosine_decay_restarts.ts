import * as v from 'valibot';
import { number } from '../../check.ts';
import { alpha, defineSchedule, raisedCosine, rate, updates } from '../schedule_definition.ts';

/**
 * Keras' CosineDecayRestarts (Loshchilov and Hutter 2017): a cosine decay over `firstDecaySteps`, then another that takes tMul
 * times as long and starts at mMul times the rate, and so on. alpha is the fraction of initialLearningRate at which each ends.
 */
export const cosineDecayRestartsSchedule = defineSchedule({
  type: 'cosineDecayRestarts',
  schema: v.strictObject({
    type: v.literal('cosineDecayRestarts'),
    initialLearningRate: rate(),
    firstDecaySteps: updates(),
    tMul: v.optional(number(1), 2),
    mMul: v.optional(number(0, Infinity, 'open'), 1),
    alpha: alpha(),
  }),
  starter: (steps, initialLearningRate) => ({ initialLearningRate, firstDecaySteps: Math.ceil(steps / 3) }),
  rate: ({ initialLearningRate, firstDecaySteps, tMul, mMul, alpha }, step) => {
    // Keras computes the number of restarts with a logarithm, which rounding may shift by one step. Counting them is exact.
    let restarts = tMul === 1 ? Math.floor(step / firstDecaySteps) : 0;
    let position = step - restarts * firstDecaySteps;
    let length = firstDecaySteps;
    while (tMul > 1 && position >= length * (1 - 1e-6)) {
      position -= length;
      length *= tMul;
      restarts++;
    }
    const left = Math.min(1, (length - position) / length);
    return initialLearningRate * ((1 - alpha) * mMul ** restarts * raisedCosine(left) + alpha);
  },
  parameters: ({ initialLearningRate, firstDecaySteps, tMul, mMul, alpha }) => ({
    initial: initialLearningRate,
    first_decay_steps: firstDecaySteps,
    t_mul: tMul,
    log2_m_mul: Math.log2(mMul),
    alpha,
  }),
});
