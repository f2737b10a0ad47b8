import type { CompiledModel } from '../../src/model/graph.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { tolerances } from '../../src/selftest/tolerance.ts';

type Numbers = ArrayLike<number>;

/** Error bounds of float32 for the results of a network on a batch. */
export interface BatchBounds {
  loss: number;
  probabilities: number;
  /** One per tensor. */
  gradients: number[];
}

export function boundsOfBatch(
  model: CompiledModel,
  weights: readonly Numbers[],
  images: Numbers,
  labels: Numbers,
  targets?: Numbers,
): BatchBounds {
  const compute = (w: Float64Array[], x: Float64Array) => {
    const { loss, probabilities, gradients } = networkGradients(model, w, x, labels, targets);
    return [[loss], probabilities, ...gradients];
  };
  const [loss, probabilities, ...gradients] = boundsOf(compute, model, weights, images);
  return { loss: loss! + tolerances.cross_entropy.absolute, probabilities: probabilities!, gradients };
}
