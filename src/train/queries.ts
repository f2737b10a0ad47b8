import type { Dataset } from '../data/dataset.ts';
import type { Settings } from '../plan/settings.ts';
import type { ClassProbability } from './class_probabilities.ts';
import type { Engine } from './engine.ts';
import type { EvaluateOptions, Evaluation } from './evaluate.ts';
import type { Picture, PicturePreparation } from './picture.ts';
import type { ImageList, Images, LayerOutput, PredictOptions } from './predict.ts';
import type { Saliency, SaliencyOptions, SampleLabel, SampleStep } from './sample_step.ts';
import type { Snapshot } from './snapshot.ts';
import type { InTurn } from './turns.ts';
import type { WeightsOption } from './which_weights.ts';

/** Signatures of `predict`. */
export interface Predict {
  /**
   * @param picture one picture.
   * @param options `top`: number of classes.
   * @returns the most probable classes, in descending order.
   */
  (picture: Picture, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[]>;
  /** Returns the most probable classes of each image. */
  (images: ImageList, options: PredictOptions & WeightsOption & { top: number }): Promise<ClassProbability[][]>;
  /** @returns the model's outputs [n, outputs]. */
  (images: Images, options?: PredictOptions & WeightsOption & { top?: undefined }): Promise<Float32Array>;
}

/** The methods of a trainer that don't affect training. */
export interface Queries {
  /** Like `Trainer.predict`. */
  predict: Predict;
  /** Like `Trainer.activations`. */
  activations: (images: Images, options?: WeightsOption) => Promise<LayerOutput[]>;
  /** Like `Trainer.sampleStep`. */
  sampleStep: (image: Images, label: SampleLabel, options?: WeightsOption) => Promise<SampleStep>;
  /** Like `Trainer.saliency`. */
  saliency: (image: Images, options?: SaliencyOptions & WeightsOption) => Promise<Saliency>;
  /** Like `Trainer.evaluate`. */
  evaluate: (dataset: Dataset, options?: EvaluateOptions & WeightsOption) => Promise<Evaluation>;
  /** Like `Trainer.getWeights`. */
  getWeights: (options?: WeightsOption) => Promise<Float32Array[]>;
  /** Like `Trainer.snapshot`. Called within `onEpoch`, it returns the state at the end of that epoch. */
  snapshot: () => Promise<Snapshot>;
}

/** What a query knows about its trainer before it may use the engine. */
export interface Asked {
  settings: Settings;
  /** How pictures are preprocessed, at the time of the call. */
  pictures: PicturePreparation;
  /** Returns the class names, once the query may use the engine: an earlier `fit` may have set them. */
  classNames: () => readonly string[];
}

/**
 * A query in two parts. The first checks the arguments and prepares the images, without waiting for other calls; it returns the
 * second, which uses the engine.
 */
export type Query<A extends unknown[], R> = (asked: Asked, ...given: A) => Promise<(engine: Engine) => Promise<R>>;

/**
 * The queries of a trainer, whose code is loaded on demand. A call is queued immediately, so calls keep their order while code loads and
 * pictures are decoded. Invalid arguments are rejected without waiting for earlier calls.
 */
export function queriesOf(asked: () => Asked, inTurn: InTurn): Queries {
  const query =
    <A extends unknown[], R>(load: () => Promise<Query<A, R>>) =>
    async (...given: A): Promise<R> => {
      const now = asked();
      const checked = load().then((ask) => ask(now, ...given));
      const answer = inTurn(async (engine) => (await checked)(engine));
      answer.catch(() => undefined); // awaited below, unless the arguments are invalid
      await checked;
      return answer;
    };
  return {
    predict: query(async () => (await import('./predict.ts')).predictQuery) as Predict,
    activations: query(async () => (await import('./predict.ts')).activationsQuery),
    sampleStep: query(async () => (await import('./sample_step.ts')).sampleStepQuery),
    saliency: query(async () => (await import('./sample_step.ts')).saliencyQuery),
    evaluate: query(async () => (await import('./evaluate.ts')).evaluateQuery),
    getWeights: query(async () => (await import('./which_weights.ts')).weightsQuery),
    snapshot: query(async () => (await import('./snapshot.ts')).snapshotQuery),
  };
}
