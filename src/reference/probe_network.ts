import type { CompiledModel } from '../model/graph.ts';
import { networkGradients } from './network.ts';
import { gradientProducts } from './probes.ts';

type Numbers = ArrayLike<number>;

export interface ProbedBatch {
  /** [n, height, width, channels], unaugmented, with n labels. */
  images: Numbers;
  labels: Numbers;
  /** Number of samples in each part; the parts partition the batch in order. */
  parts: readonly number[];
  /** Tensors shaped like the weights, with which the batch's gradient is compared. */
  others?: Readonly<Record<string, readonly Numbers[]>>;
}

export interface NetworkProbe {
  gradients: Float64Array[];
  /** By layer, and `whole` for all layers together. */
  figures: Record<string, { cosines: Record<string, number>; covarianceTrace: number; squaredGradient: number }>;
  /** Norm of each sample's gradient, by layer. */
  sampleNorms: Record<string, number[]>;
}

/** The expected results of probing a batch: each part and each sample is computed as a separate batch. */
export function networkProbe(
  model: CompiledModel,
  weights: readonly Numbers[],
  { images, labels, parts, others = {} }: ProbedBatch,
): NetworkProbe {
  const all = labels.length;
  const elements = images.length / all;
  const gradientOf = (first: number, count: number) => {
    const part = Float64Array.from(images).subarray(first * elements, (first + count) * elements);
    return networkGradients(model, weights, part, Array.from(labels).slice(first, first + count)).gradients;
  };
  const gradients = gradientOf(0, all);
  const samples = Array.from({ length: all }, (_, n) => gradientOf(n, 1));
  const ofParts = parts.map((count, i) => {
    const first = parts.slice(0, i).reduce((a, b) => a + b, 0);
    return { count, gradients: gradientOf(first, count) };
  });

  const layers = new Map<string, number[]>([['whole', []]]);
  for (const { name, tensors } of model.measured) {
    const own = tensors.map(({ index }) => index);
    layers.set(name, own);
    layers.get('whole')!.push(...own);
  }
  const sum = (tensors: number[], of: (t: number) => number) => tensors.reduce((total, t) => total + of(t), 0);
  const squares = (tensors: number[], of: readonly Numbers[]) =>
    sum(tensors, (t) => gradientProducts({ dw: of[t]!, other: of[t]! }).squares);

  const figures: NetworkProbe['figures'] = {};
  const sampleNorms: NetworkProbe['sampleNorms'] = {};
  for (const [name, tensors] of layers) {
    const cosines = Object.entries(others).map(([other, with_]) => {
      const dot = sum(tensors, (t) => gradientProducts({ dw: gradients[t]!, other: with_[t]! }).dot);
      return [other, dot / Math.sqrt(squares(tensors, gradients) * squares(tensors, with_))];
    });
    // E|g|^2 = |G|^2 + tr / n for a batch of n samples: one equation for the whole batch and one for the mean over its parts.
    const y = squares(tensors, gradients);
    const inverse = ofParts.reduce((total, part) => total + 1 / part.count / ofParts.length, 0);
    const mean = ofParts.reduce((total, part) => total + squares(tensors, part.gradients) / ofParts.length, 0);
    figures[name] = {
      cosines: Object.fromEntries(cosines),
      covarianceTrace: (mean - y) / (inverse - 1 / all),
      squaredGradient: (all * y * inverse - mean) / (all * inverse - 1),
    };
    sampleNorms[name] = samples.map((own) => Math.sqrt(squares(tensors, own)));
  }
  return { gradients, figures, sampleNorms };
}
