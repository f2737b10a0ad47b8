import * as v from 'valibot';
import { defineSchedule, rate } from '../schedule_definition.ts';

/** rate = learningRate: the same as a number in place of a schedule. */
export const constantSchedule = defineSchedule({
  type: 'constant',
  schema: v.strictObject({
    /** The type of the schedule. */
    type: v.literal('constant'),
    /** The rate of every update, >= 0; required. */
    learningRate: rate(),
  }),
  starter: (_, learningRate) => ({ learningRate }),
  rate: ({ learningRate }) => learningRate,
  parameters: ({ learningRate }) => ({ learning_rate: learningRate }),
});
