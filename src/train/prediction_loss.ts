import type { Dataset } from '../data/dataset.ts';
import type { Measured } from '../health/metric.ts';
import { isCategorical, metricOf } from '../model/loss.ts';
import type { FilledLoss, FilledLossOf, LossType } from '../model/losses/index.ts';
import type { LabelFacts } from '../plan/labels.ts';
import { targetsOf } from '../plan/targets.ts';

/** Computes the loss of one sample from its predictions and targets, one number per output. */
type LossOfSample<L> = (loss: L, predicted: Float32Array, targets: ArrayLike<number>) => number;

/** Keras clips probabilities to this distance from 0 and 1 before taking logarithms. */
const epsilon = 1e-7;
const log = (p: number) => Math.log(Math.min(1 - epsilon, Math.max(epsilon, p)));

/** Sums over the classes the smoothed target times `of` the probability. */
function overClasses(
  predicted: Float32Array,
  shares: ArrayLike<number>,
  labelSmoothing: number,
  of: (p: number) => number,
): number {
  let sum = 0;
  for (const [k, p] of predicted.entries()) {
    const share = shares[k]! * (1 - labelSmoothing) + labelSmoothing / predicted.length;
    if (share > 0) sum += share * of(p);
  }
  return sum;
}

const crossEntropy = (
  { labelSmoothing }: { labelSmoothing: number },
  predicted: Float32Array,
  shares: ArrayLike<number>,
) => overClasses(predicted, shares, labelSmoothing, (p) => -log(p));

/** Mean over the outputs. */
function overOutputs(
  predicted: Float32Array,
  targets: ArrayLike<number>,
  of: (y: number, target: number) => number,
): number {
  let sum = 0;
  for (const [k, y] of predicted.entries()) sum += of(y, targets[k]!);
  return sum / predicted.length;
}

const lossOfSample: { [T in LossType]: LossOfSample<FilledLossOf<T>> } = {
  sparseCategoricalCrossentropy: crossEntropy,
  categoricalCrossentropy: crossEntropy,
  categoricalFocalCrossentropy: ({ labelSmoothing, alpha, gamma }, predicted, shares) =>
    overClasses(predicted, shares, labelSmoothing, (p) => -alpha * (1 - p) ** gamma * log(p)),
  binaryCrossentropy: ({ labelSmoothing }, predicted, targets) =>
    overOutputs(predicted, targets, (p, target) => {
      const t = target * (1 - labelSmoothing) + labelSmoothing / 2;
      return -(t * log(p) + (1 - t) * log(1 - p));
    }),
  meanSquaredError: (_, predicted, targets) => overOutputs(predicted, targets, (y, t) => (y - t) ** 2),
  meanAbsoluteError: (_, predicted, targets) => overOutputs(predicted, targets, (y, t) => Math.abs(y - t)),
  huber: ({ delta }, predicted, targets) =>
    overOutputs(predicted, targets, (y, t) => {
      const e = Math.abs(y - t);
      return e <= delta ? e ** 2 / 2 : delta * (e - delta / 2);
    }),
};

/**
 * The loss and metric of an evaluation, computed from predictions: means over the samples of the weighted loss and of the loss'
 * metric. Probabilities are clipped as in Keras.
 *
 * @param predicted [count, outputs]: probabilities, or numbers.
 */
export function figuresOfPredictions(
  facts: LabelFacts,
  dataset: Dataset,
  predicted: Float32Array,
): Measured & { loss: number } {
  const { loss, outputs } = facts;
  const { count, labels, sampleWeights } = dataset;
  const lossOf = lossOfSample[loss.type] as LossOfSample<FilledLoss>;
  const targets = targetsOf(facts, dataset);
  const oneHot = new Float32Array(outputs);
  const measure = isCategorical(loss) ? isArgmax : metricOf(loss) === 'accuracy' ? shareOfSides : meanError;
  const sums = { loss: 0, measure: 0 };
  for (let n = 0; n < count; n++) {
    const own = predicted.subarray(n * outputs, (n + 1) * outputs);
    if (!targets) oneHot.fill(0)[labels[n]!] = 1;
    const expected = targets?.subarray(n * outputs, (n + 1) * outputs) ?? oneHot;
    sums.loss += (sampleWeights?.[n] ?? 1) * lossOf(loss, own, expected);
    sums.measure += measure(own, expected);
  }
  return { loss: sums.loss / count, [metricOf(loss)]: sums.measure / count };
}

const argmax = (values: Float32Array) => values.indexOf(Math.max(...values));
const isArgmax = (y: Float32Array, shares: Float32Array) => Number(argmax(y) === argmax(shares));
const shareOfSides = (y: Float32Array, targets: Float32Array) =>
  overOutputs(y, targets, (p, t) => Number(p > 0.5 === t > 0.5));
const meanError = (y: Float32Array, targets: Float32Array) => overOutputs(y, targets, (p, t) => Math.abs(p - t));
