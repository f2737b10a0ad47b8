import {
  argmax,
  type Confusion,
  confusionOf,
  type Dataset,
  type MetricConfig,
  type MetricFigures,
} from '../../../index.ts';
import type { CompiledModel } from '../../../model/graph.ts';
import { definitionOf } from '../../../model/layers/index.ts';
import { defaultLoss, fillLoss, isCategorical } from '../../../model/loss.ts';
import { lossDefinition } from '../../../model/losses/index.ts';
import { countedMetrics, figuresOf, fillMetrics } from '../../../model/metrics/index.ts';
import { Tally } from '../../../model/metrics/tally.ts';
import { classesOf, targetsOf } from '../../../plan/targets.ts';
import { type LabelScores, labelScores, labelThreshold } from '../../../train/label_scores.ts';
import { type RegressionFigures, regressionFigures } from '../../../train/regression.ts';
import { type ImageOf, imageAt, ofCurrent } from '../run/questions_worker.ts';
import type { Session } from '../run/worker.ts';

/** The validation results of a run's network, and its first layer's kernels. */
export type Results = ResultsOfAll & (ClassResults | LabelResults | NumberResults);

interface ResultsOfAll {
  /** Number of steps that it had been trained for. */
  step: number;
  imageShape: [height: number, width: number, channels: number];
  images: number;
  /** Number of augmented samples per image whose predictions are averaged; undefined for unaugmented images. */
  samples?: number;
  /** The kernels of the first layer, if it has any: [height, width, channels, filters]. */
  kernels?: { layer: string; shape: number[]; values: Float32Array };
}

/** Results for mutually exclusive classes. */
export interface ClassResults {
  kind: 'classes';
  /** Contains only the most confident mistakes. */
  confusion: Confusion;
  /** Metrics of each class, in order. The overall metrics are means over the classes that have images. */
  byClass: { precision: number[]; recall: number[]; f1Score: number[] };
  /** Means over the classes. */
  macro: { precision: number; recall: number; f1Score: number };
  balancedAccuracy: number;
  /** Metrics of the run that are a single number, by name. */
  asked: Record<string, number>;
  /** Total number of mistakes. */
  mistakes: number;
  /** The images of `confusion.mistakes`, in the same order. */
  pictures: ImageOf[];
}

/** Results for labels that are not mutually exclusive. */
export interface LabelResults {
  kind: 'labels';
  names: string[];
  scores: LabelScores[];
  /** Fraction of images whose labels are all correct. */
  exact: number;
}

/** Results for numbers. */
export interface NumberResults {
  kind: 'numbers';
  names: string[];
  /** [n, outputs] */
  actual: Float32Array;
  predicted: Float32Array;
  figures: RegressionFigures[];
  /** The images with the largest errors, summed over the numbers relative to their spread. */
  worst: { sample: number; picture: ImageOf }[];
}

const mistakesShown = 12;

const shownMetrics = fillMetrics(['precision', 'recall', 'f1Score', 'balancedAccuracy']);

/**
 * Evaluates the network in its current state, between two steps if a run is training. Undefined before the first run, and if the
 * data set of a run from a file is unavailable.
 */
export const resultsOf = (samples?: number) => ofCurrent((session) => whatBecomesOf(session, samples));

async function whatBecomesOf(
  { trainer, test, request, classNames }: Session,
  samples: number | undefined,
): Promise<Results | undefined> {
  if (!test) return undefined;
  const loss = fillLoss(request.loss ?? defaultLoss);
  const [predicted, { weights, progress }] = await Promise.all([
    trainer.meanwhile.predict(test, samples ? { testTimeAugmentation: samples } : {}),
    trainer.meanwhile.snapshot(),
  ]);
  const kernels = kernelsOf(trainer.model, weights);
  const ofAll: ResultsOfAll = {
    step: progress.step,
    imageShape: test.imageShape,
    images: test.count,
    ...(samples && { samples }),
    ...(kernels && { kernels }),
  };
  if (isCategorical(loss)) return { ...ofAll, ...(await classResults(test, predicted, request.metrics)) };
  const outputs = predicted.length / test.count;
  const actual = targetsOf({ loss, outputs }, test)!;
  const names = test.targetNames ?? (outputs === classNames.length ? classNames : ['class']);
  if (lossDefinition(loss.type).ending === 'sigmoid') {
    return { ...ofAll, kind: 'labels', names, ...labelResults(actual, predicted, outputs) };
  }
  const figures = regressionFigures(actual, predicted, outputs);
  const worst = await Promise.all(
    furthest(actual, predicted, figures).map(async (sample) => ({ sample, picture: await imageAt(test, sample) })),
  );
  return { ...ofAll, kind: 'numbers', names, actual, predicted, figures, worst };
}

async function classResults(
  test: Dataset,
  probabilities: Float32Array,
  metrics: readonly MetricConfig[] | undefined,
): Promise<ClassResults> {
  const labels = classesOf(test, probabilities.length / test.count);
  evaluated = { test, labels, probabilities };
  const { mistakes, ...confusion } = confusionOf(labels, probabilities);
  const tally = new Tally(confusion.counts.length);
  tally.add(labels, probabilities);
  const figures: MetricFigures = figuresOf(shownMetrics, tally);
  const asked = figuresOf(countedMetrics(fillMetrics(metrics)), tally);
  const shown = mistakes.slice(0, mistakesShown);
  return {
    kind: 'classes',
    confusion: { ...confusion, mistakes: shown },
    byClass: {
      precision: figures.precisionByClass!,
      recall: figures.recallByClass!,
      f1Score: figures.f1ScoreByClass!,
    },
    macro: { precision: figures.precision!, recall: figures.recall!, f1Score: figures.f1Score! },
    balancedAccuracy: figures.balancedAccuracy!,
    asked: Object.fromEntries(
      Object.entries(asked).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    ),
    mistakes: mistakes.length,
    pictures: await Promise.all(shown.map(({ sample }) => imageAt(test, sample))),
  };
}

/** The last evaluation, from which the images of a cell of the matrix are selected. */
let evaluated: { test: Dataset; labels: ArrayLike<number>; probabilities: Float32Array } | undefined;

/** An image of a cell of the confusion matrix. */
export interface ImageOfCell {
  sample: number;
  /** Probability of the predicted class. */
  probability: number;
  picture: ImageOf;
}

const mostOfCell = 24;

/** Validation images of one class that were predicted as another, or correctly, with the most confident ones first. */
export const imagesOfCell = (actual: number, predicted: number): Promise<ImageOfCell[] | undefined> =>
  ofCurrent(async (session) => {
    if (!evaluated || evaluated.test !== session.test) return undefined;
    const { test, labels, probabilities } = evaluated;
    const classes = probabilities.length / test.count;
    const found: Omit<ImageOfCell, 'picture'>[] = [];
    for (let sample = 0; sample < test.count; sample++) {
      const each = probabilities.subarray(sample * classes, (sample + 1) * classes);
      if (labels[sample] === actual && argmax(each) === predicted)
        found.push({ sample, probability: each[predicted]! });
    }
    found.sort((a, b) => b.probability - a.probability);
    return Promise.all(
      found.slice(0, mostOfCell).map(async (one) => ({ ...one, picture: await imageAt(test, one.sample) })),
    );
  });

function labelResults(actual: Float32Array, predicted: Float32Array, labels: number) {
  const isSame = (i: number) => actual[i]! > labelThreshold === predicted[i]! > labelThreshold;
  const count = actual.length / labels;
  let exact = 0;
  for (let n = 0; n < count; n++) {
    if (Array.from({ length: labels }, (_, k) => n * labels + k).every(isSame)) exact++;
  }
  return { scores: labelScores(actual, predicted, labels), exact: exact / count };
}

/** The samples with the largest errors, where each error is relative to the mean error of its number. */
function furthest(actual: Float32Array, predicted: Float32Array, figures: readonly RegressionFigures[]): number[] {
  const outputs = figures.length;
  const error = (sample: number) =>
    figures.reduce((sum, { meanAbsoluteError }, k) => {
      const at = sample * outputs + k;
      return sum + Math.abs(predicted[at]! - actual[at]!) / (meanAbsoluteError || 1);
    }, 0);
  const errors = Array.from({ length: actual.length / outputs }, (_, sample) => ({ sample, error: error(sample) }));
  return errors
    .sort((a, b) => b.error - a.error)
    .slice(0, mistakesShown)
    .map(({ sample }) => sample);
}

/** @param weights of all tensors, in the model's order. */
function kernelsOf({ layers, tensors }: CompiledModel, weights: readonly Float32Array[]): Results['kernels'] {
  const [first] = layers;
  const name = first && definitionOf(first.type).pictures;
  const at = tensors.findIndex(({ layer, spec }) => layer === 0 && spec.name === name);
  return at < 0 ? undefined : { layer: first!.name, shape: tensors[at]!.spec.shape, values: weights[at]! };
}
