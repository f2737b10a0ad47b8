import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineLoss } from '../loss_definition.ts';

/**
 * loss = e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2, with e = y - t, averaged over outputs and samples: Keras'
 * Huber. For regression with outliers.
 */
export const huber = defineLoss({
  type: 'huber',
  schema: v.strictObject({ type: v.literal('huber'), delta: v.optional(number(0, Infinity, 'open'), 1) }),
  ending: 'numbers',
  labels: 'numbers',
  metric: 'meanAbsoluteError',
});
