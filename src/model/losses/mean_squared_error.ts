import * as v from 'valibot';
import { defineLoss } from '../loss_definition.ts';

/** loss = (y - t)^2, averaged over outputs and samples: Keras' MeanSquaredError. For regression. */
export const meanSquaredError = defineLoss({
  type: 'meanSquaredError',
  schema: v.strictObject({ type: v.literal('meanSquaredError') }),
  ending: 'numbers',
  labels: 'numbers',
  metric: 'meanAbsoluteError',
});
