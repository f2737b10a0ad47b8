import * as v from 'valibot';
import { defineSchedule, rate } from '../schedule_definition.ts';

/** rate = learningRate: equivalent to a number instead of a schedule. */
export const constantSchedule = defineSchedule({
  type: 'constant',
  schema: v.strictObject({
    type: v.literal('constant'),
    learningRate: rate(),
  }),
  starter: (_, learningRate) => ({ learningRate }),
  rate: ({ learningRate }) => learningRate,
  parameters: ({ learningRate }) => ({ learning_rate: learningRate }),
});
