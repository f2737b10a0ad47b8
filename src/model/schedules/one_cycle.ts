import * as v from 'valibot';
import { number } from '../../check.ts';
import { defineSchedule, raisedCosine, updates } from '../schedule_definition.ts';

/**
 * PyTorch's OneCycleLR (Smith and Topin 2018): rises from maxLearningRate / divFactor to maxLearningRate within the first
 * `pctStart` of `totalSteps`, then falls to the initial rate divided by finalDivFactor, along half a cosine or linearly
 * (`anneal`). The optimizer's momentum does not change: PyTorch's `cycle_momentum=False`.
 */
export const oneCycleSchedule = defineSchedule({
  type: 'oneCycle',
  schema: v.strictObject({
    type: v.literal('oneCycle'),
    maxLearningRate: number(0, Infinity, 'open'),
    totalSteps: updates(),
    pctStart: v.optional(number(0, 1), 0.3),
    divFactor: v.optional(number(0, Infinity, 'open'), 25),
    finalDivFactor: v.optional(number(0, Infinity, 'open'), 10_000),
    anneal: v.optional(v.picklist(['cos', 'linear']), 'cos'),
  }),
  starter: (totalSteps, maxLearningRate) => ({ maxLearningRate, totalSteps }),
  rate: ({ maxLearningRate, totalSteps, pctStart, divFactor, finalDivFactor, anneal }, step) => {
    const first = maxLearningRate / divFactor;
    const peak = pctStart * totalSteps - 1;
    const end = totalSteps - 1;
    const between = (from: number, to: number, p: number) =>
      from + (to - from) * (anneal === 'cos' ? raisedCosine(p) : p);
    if (step <= peak) return between(first, maxLearningRate, peak > 0 ? step / peak : 1);
    return between(maxLearningRate, first / finalDivFactor, end > peak ? Math.min(1, (step - peak) / (end - peak)) : 1);
  },
  parameters: ({ maxLearningRate, totalSteps, pctStart, divFactor, finalDivFactor, anneal }) => ({
    first: maxLearningRate / divFactor,
    highest: maxLearningRate,
    last: maxLearningRate / divFactor / finalDivFactor,
    peak: pctStart * totalSteps - 1,
    end: totalSteps - 1,
    linear: Number(anneal === 'linear'),
  }),
  length: ({ totalSteps }) => totalSteps,
});
