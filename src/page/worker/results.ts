import {
  type Confusion,
  confusionOf,
  createDataset,
  type Dataset,
  type LayerOutput,
  type MetricFigures,
} from '../../index.ts';
import type { CompiledModel } from '../../model/graph.ts';
import { definitionOf } from '../../model/layers/index.ts';
import { defaultLoss, fillLoss, isOfClasses } from '../../model/loss.ts';
import { figuresOf, fillMetrics } from '../../model/metrics/index.ts';
import { Tally } from '../../model/metrics/tally.ts';
import { type Ink, inkOf } from '../ink.ts';
import { load } from './datasets.ts';
import { current, type Session } from './session.ts';

/** One image as it lies in a data set. */
export interface ImageOf {
  pixels: Uint8Array<ArrayBuffer>;
  label: number;
}

/** What the network of a run makes of its validation images, and how it looks at them first. */
export interface Results {
  /** Steps that it had been trained for. */
  step: number;
  imageShape: [height: number, width: number, channels: number];
  /** Without the mistakes beyond the first ones. */
  confusion: Confusion;
  /** Of each class, in their order, and of all: the mean over the classes that have images. */
  byClass: { precision: number[]; recall: number[]; f1Score: number[] };
  balancedAccuracy: number;
  /** All of them. */
  mistakes: number;
  images: number;
  /** The images of `confusion.mistakes`, in their order. */
  pictures: ImageOf[];
  /** Of the first layer, where it has some to show: [height, width, channels, filters]. */
  kernels?: { layer: string; shape: number[]; values: Float32Array };
}

const mistakesShown = 12;

const shownMetrics = fillMetrics(['precision', 'recall', 'f1Score', 'balancedAccuracy']);

/**
 * Asks the network as it is now; where a run is under way, between two of its steps. Undefined before the first run, and
 * where a run came from a file whose data set isn't to be had.
 */
export const resultsOf = () => ofCurrent(whatBecomesOf);

/** Asks the network that is there. Undefined where another one has taken its place before it could answer. */
async function ofCurrent<T>(ask: (session: Session) => Promise<T | undefined>): Promise<T | undefined> {
  const session = current();
  try {
    return session && (await ask(session));
  } catch (error) {
    if (current() !== session) return undefined;
    throw error;
  }
}

async function whatBecomesOf({ trainer, test, request }: Session): Promise<Results | undefined> {
  // Outputs that are no probabilities of classes have no confusion matrix and no mistakes.
  if (!test || !isOfClasses(fillLoss(request.loss ?? defaultLoss))) return undefined;
  const [probabilities, { weights, progress }] = await Promise.all([
    trainer.meanwhile.predict(test),
    trainer.meanwhile.snapshot(),
  ]);
  const { mistakes, ...confusion } = confusionOf(test.labels, probabilities);
  const tally = new Tally(confusion.counts.length);
  tally.add(test.labels, probabilities);
  const figures: MetricFigures = figuresOf(shownMetrics, tally);
  const shown = mistakes.slice(0, mistakesShown);
  const kernels = kernelsOf(trainer.model, weights);
  return {
    step: progress.step,
    imageShape: test.imageShape,
    confusion: { ...confusion, mistakes: shown },
    byClass: {
      precision: figures.precisionByClass!,
      recall: figures.recallByClass!,
      f1Score: figures.f1ScoreByClass!,
    },
    balancedAccuracy: figures.balancedAccuracy!,
    mistakes: mistakes.length,
    images: test.count,
    pictures: shown.map(({ sample }) => imageAt(test, sample)),
    ...(kernels && { kernels }),
  };
}

/** @param weights of all tensors, in the model's order. */
function kernelsOf({ layers, tensors }: CompiledModel, weights: readonly Float32Array[]): Results['kernels'] {
  const [first] = layers;
  const name = first && definitionOf(first.type).pictures;
  const at = tensors.findIndex(({ layer, spec }) => layer === 0 && spec.name === name);
  return at < 0 ? undefined : { layer: first!.name, shape: tensors[at]!.spec.shape, values: weights[at]! };
}

/** What the network says of one image, and what each layer made of it on the way there. */
export interface Answer {
  /** A probability a class. */
  probabilities: Float32Array;
  outputs: LayerOutput[];
}

/** @param pixels bytes of an image as the data set has them, [height, width, channels]. Undefined before the first run. */
export const ask = (pixels: Uint8Array): Promise<Answer | undefined> =>
  ofCurrent(async ({ trainer, imageShape, classNames }) => {
    const image = createDataset({ images: pixels, labels: [0], imageShape, classNames });
    const outputs = await trainer.meanwhile.activations(image);
    return { probabilities: outputs.at(-1)!.values, outputs };
  });

/** How the training images of the run are drawn; undefined where they are not to be had, or have colors. */
export const inkOfRun = (): Promise<Ink | undefined> =>
  ofCurrent(async ({ request, training, imageShape }) => {
    // A run from a file: its images may have been added since.
    const dataset = training ?? (await load(request).catch(() => undefined))?.train;
    if (imageShape[2] !== 1 || dataset?.imageShape.join() !== imageShape.join()) return undefined;
    return inkOf(dataset.images, imageShape);
  });

/** A part of the images of a run. */
export type PartOfRun = 'training' | 'test';

/** One of the images of the run, as it is; undefined where they are not to be had. */
export async function imageOf(part: PartOfRun, index: number): Promise<ImageOf | undefined> {
  const dataset = current()?.[part];
  return dataset && index < dataset.count ? imageAt(dataset, index) : undefined;
}

function imageAt({ images, labels, imageShape }: Dataset, index: number): ImageOf {
  const bytes = imageShape.reduce((a, b) => a * b, 1);
  return { pixels: images.slice(index * bytes, (index + 1) * bytes), label: labels[index]! };
}
