import * as v from 'valibot';
import { defineLoss } from '../loss_definition.ts';

/** loss = |y - t|, averaged over outputs and samples: Keras' MeanAbsoluteError. For regression. */
export const meanAbsoluteError = defineLoss({
  type: 'meanAbsoluteError',
  schema: v.strictObject({ type: v.literal('meanAbsoluteError') }),
  ending: 'numbers',
  labels: 'numbers',
  metric: 'meanAbsoluteError',
});
