import * as v from 'valibot';
import { defineLoss } from '../loss_definition.ts';

/** loss = |y - t|, the mean over outputs and samples: Keras' MeanAbsoluteError. For numbers instead of classes. */
export const meanAbsoluteError = defineLoss({
  type: 'meanAbsoluteError',
  schema: v.strictObject({ type: v.literal('meanAbsoluteError') }),
  ending: 'numbers',
  labels: 'numbers',
  metric: 'meanAbsoluteError',
});
