import type { TrainedModel } from '../../src/formats/trained_model.ts';
import type { Model } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { product } from '../../src/product';
import { networkProbabilities } from '../../src/reference/network.ts';

/** Uniform numbers from 0 to 1 (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A model with random values in all tensors, including biases, gammas and moving statistics, as after training. */
export function trained(model: Model, seed = 1): TrainedModel {
  const compiled = compileModel(model);
  const next = uniform(seed);
  const weights = initialWeights(compiled, seed);
  compiled.tensors.forEach(({ spec }, i) => {
    if (spec.shape.length > 1 && spec.initializer.type !== 'ones' && spec.initializer.type !== 'zeros') return;
    const positive = spec.initializer.type === 'ones';
    weights[i] = weights[i]!.map(() => (positive ? 0.5 + next() : 0.4 * next() - 0.2));
  });
  return { model, weights };
}

/** Images [count, height, width, channels] of floats 0 to 1. */
export function madeImages({ inputShape }: Model, count: number, seed = 2): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: count * product(inputShape) }, next);
}

/** The twin's probabilities, the reference for every other program. */
export const probabilitiesOf = ({ model, weights }: TrainedModel, images: ArrayLike<number>): Float64Array =>
  networkProbabilities(compileModel(model), weights, images);

export const bitsOf = (tensors: readonly Float32Array[]): number[][] =>
  tensors.map(({ buffer, byteOffset, length }) => [...new Uint32Array(buffer, byteOffset, length)]);

/** The largest difference; NaN if any difference is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
