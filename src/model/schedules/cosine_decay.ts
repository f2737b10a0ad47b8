import * as v from 'valibot';
import { integer } from '../../check.ts';
import { alpha, defineSchedule, raisedCosine, rate, updates } from '../schedule_definition.ts';

/**
 * Keras' CosineDecay (Loshchilov and Hutter 2017): follows half a cosine from initialLearningRate to alpha times that within
 * `decaySteps`. With `warmupTarget` the rate first rises linearly from initialLearningRate to that target within `warmupSteps`, and the
 * cosine starts from the target.
 */
export const cosineDecaySchedule = defineSchedule({
  type: 'cosineDecay',
  schema: v.strictObject({
    type: v.literal('cosineDecay'),
    initialLearningRate: rate(),
    decaySteps: updates(),
    alpha: alpha(),
    warmupTarget: v.optional(rate()),
    warmupSteps: v.optional(integer(0, 2 ** 31), 0),
  }),
  starter: (steps, initialLearningRate) => ({ initialLearningRate, decaySteps: steps }),
  conflict: ({ warmupTarget, warmupSteps }) =>
    warmupSteps > 0 && warmupTarget === undefined
      ? {
          what: 'cosineDecay has warmupSteps but no warmupTarget',
          found: `warmupSteps ${warmupSteps} without warmupTarget`,
          expected: 'both or neither',
        }
      : undefined,
  rate: ({ initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }, step) => {
    if (warmupTarget !== undefined && step < warmupSteps) {
      return initialLearningRate + ((warmupTarget - initialLearningRate) * step) / warmupSteps;
    }
    const from = warmupTarget ?? initialLearningRate;
    const p = Math.min((step - (warmupTarget === undefined ? 0 : warmupSteps)) / decaySteps, 1);
    return from * ((1 - alpha) * raisedCosine(1 - p) + alpha);
  },
  parameters: ({ initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }) => ({
    initial: initialLearningRate,
    decay_steps: decaySteps,
    alpha,
    warmup_target: warmupTarget ?? initialLearningRate,
    warmup_steps: warmupTarget === undefined ? 0 : warmupSteps,
  }),
  length: ({ decaySteps, warmupTarget, warmupSteps }) => decaySteps + (warmupTarget === undefined ? 0 : warmupSteps),
});
