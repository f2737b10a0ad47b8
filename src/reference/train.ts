import type { FilledOptimizer } from '../model/optimizer.ts';
import type { FilledOptimizerOf, OptimizerType } from '../model/optimizers/index.ts';
import { adam } from './adam.ts';
import { clipGradients } from './clip.ts';
import { movingAverage } from './moving_average.ts';
import { sgd } from './sgd.ts';

type Numbers = ArrayLike<number>;

/** One tensor before an update, its slots by their names, and the number of the update from 1. */
interface Before {
  dw: Numbers;
  w: Numbers;
  slots: Readonly<Record<string, Numbers>>;
  t: number;
}

/** With the learning rate of this update, whatever the schedule. */
type AtRate<O> = Omit<O, 'learningRate'> & { learningRate: number };

type Update<O> = (optimizer: AtRate<O>, before: Before) => { w: Float64Array; slots: Record<string, Float64Array> };

/** The update of each optimizer, and its slots, which start at zero; one that its options leave unused stays there. */
const updates: { [T in OptimizerType]: { slots: string[]; update: Update<FilledOptimizerOf<T>> } } = {
  adam: {
    slots: ['m', 'v'],
    update: (optimizer, { dw, w, slots: { m, v }, t }) => {
      const after = adam(optimizer, { dw, w, m: m!, v: v!, t });
      return { w: after.w, slots: { m: after.m, v: after.v } };
    },
  },
  sgd: {
    slots: ['v'],
    update: (optimizer, { dw, w, slots: { v } }) => {
      const after = sgd(optimizer, { dw, w, v: v! });
      return { w: after.w, slots: { v: after.v } };
    },
  },
};

/**
 * The weights after `steps` updates: `gradients` is asked before each for those at the weights as they stand, with the
 * update's number from 0.
 *
 * @param rateOf the learning rate of an update, counted from 0; needed where the optimizer's is no number.
 */
export const trainSteps = (
  optimizer: FilledOptimizer,
  weights: readonly Numbers[],
  steps: number,
  gradients: (weights: Float64Array[], step: number) => Numbers[],
  rateOf?: (update: number) => number,
): Float64Array[] => trainWithAverage(optimizer, weights, steps, gradients, rateOf).weights;

/** The same with the moving average of the weights, which an optimizer without `useEma` does not keep. */
export function trainWithAverage(
  optimizer: FilledOptimizer,
  weights: readonly Numbers[],
  steps: number,
  gradients: (weights: Float64Array[], step: number) => Numbers[],
  rateOf: (update: number) => number = () => optimizer.learningRate as number,
): { weights: Float64Array[]; averages: Float64Array[] } {
  const { slots: names, update } = updates[optimizer.type] as { slots: string[]; update: Update<FilledOptimizer> };
  let w: Float64Array[] = weights.map((tensor) => Float64Array.from(tensor));
  let averages = w;
  const slots = w.map(({ length }) => Object.fromEntries(names.map((name) => [name, new Float64Array(length)])));
  for (let step = 0; step < steps; step++) {
    const dw = clipGradients(optimizer, gradients(w, step));
    w = w.map((before, i) => {
      const after = update(
        { ...optimizer, learningRate: rateOf(step) },
        { dw: dw[i]!, w: before, slots: slots[i]!, t: step + 1 },
      );
      Object.assign(slots[i]!, after.slots);
      return after.w;
    });
    if (!optimizer.useEma) continue;
    const averaged = w.map((tensor, i) => movingAverage(optimizer, { w: tensor, a: averages[i]!, t: step + 1 }));
    w = averaged.map((each) => each.w);
    averages = averaged.map(({ a }) => a);
  }
  return { weights: w, averages };
}
