import type { FilledOptimizer } from '../model/optimizer.ts';
import type { FilledOptimizerOf, OptimizerType } from '../model/optimizers/index.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamax } from './adamax.ts';
import { clipGradients } from './clip.ts';
import { lion } from './lion.ts';
import { movingAverage } from './moving_average.ts';
import { muon } from './muon.ts';
import { nadam } from './nadam.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';
import type { After, Before, Numbers } from './tensor_update.ts';

type Matrices = readonly (readonly [number, number] | undefined)[];
type Slots = Record<string, Float64Array>;
/** Computes the gradients at the current weights, given the update's number from 0 and each tensor's slots so far. */
type Gradients = (weights: Float64Array[], step: number, slots: readonly Slots[]) => Numbers[];
type Update<O> = (optimizer: AtRate<O>, before: Before) => After;

/** With the learning rate of this update, independent of the schedule. */
type AtRate<O> = Omit<O, 'learningRate'> & { learningRate: number };

/** Adam's update, with or without AdamW's initial decay. */
const adamUpdate: { slots: string[]; update: Update<FilledOptimizerOf<'adam' | 'adamW'>> } = {
  slots: ['m', 'v', 'vHat'],
  update: (optimizer, { dw, w, slots: { m, v, vHat }, t }) => {
    const { w: after, ...slots } = adam(optimizer, { dw, w, m: m!, v: v!, vHat: vHat!, t });
    return { w: after, slots };
  },
};

/** The update of each optimizer, and its slots, which are initialized to zero; slots that the options leave unused stay zero. */
const updates: { [T in OptimizerType]: { slots: string[]; update: Update<FilledOptimizerOf<T>> } } = {
  adam: adamUpdate,
  adamW: adamUpdate,
  nadam: { slots: ['m', 'v'], update: nadam },
  adamax: { slots: ['m', 'u'], update: adamax },
  rmsprop: { slots: ['v', 'm', 'a'], update: rmsprop },
  adagrad: { slots: ['v'], update: adagrad },
  lion: { slots: ['m'], update: lion },
  muon: { slots: ['m', 'v'], update: muon },
  sgd: {
    slots: ['v'],
    update: (optimizer, { dw, w, slots: { v } }) => {
      const after = sgd(optimizer, { dw, w, v: v! });
      return { w: after.w, slots: { v: after.v } };
    },
  },
};

/** Updates one tensor with an optimizer. */
export const updateTensor = (optimizer: AtRate<FilledOptimizer>, before: Before): After =>
  (updates[optimizer.type].update as Update<FilledOptimizer>)(optimizer, before);

/**
 * The weights after `steps` updates. Before each, `gradients` computes the gradients at the current weights, given the update's
 * number from 0 and each tensor's slots so far.
 *
 * @param rateOf learning rate of an update, counted from 0; needed if the optimizer has a schedule.
 * @param matrices rows and columns of each tensor that is a matrix, for Muon.
 */
export const trainSteps = (
  optimizer: FilledOptimizer,
  weights: readonly Numbers[],
  steps: number,
  gradients: Gradients,
  rateOf?: (update: number) => number,
  matrices?: Matrices,
): Float64Array[] => trainWithAverage(optimizer, weights, steps, gradients, rateOf, matrices).weights;

/** Like `trainSteps`, and also returns the moving average of the weights, which an optimizer keeps only with `useEma`. */
export function trainWithAverage(
  optimizer: FilledOptimizer,
  weights: readonly Numbers[],
  steps: number,
  gradients: Gradients,
  rateOf: (update: number) => number = () => optimizer.learningRate as number,
  matrices: Matrices = [],
): { weights: Float64Array[]; averages: Float64Array[] } {
  const names = updates[optimizer.type].slots;
  let w: Float64Array[] = weights.map((tensor) => Float64Array.from(tensor));
  let averages = w;
  const slots = w.map(({ length }): Slots => Object.fromEntries(names.map((name) => [name, new Float64Array(length)])));
  for (let step = 0; step < steps; step++) {
    const dw = clipGradients(optimizer, gradients(w, step, slots));
    w = w.map((before, i) => {
      const at = { ...optimizer, learningRate: rateOf(step) };
      const after = updateTensor(at, { dw: dw[i]!, w: before, slots: slots[i]!, t: step + 1, matrix: matrices[i] });
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
