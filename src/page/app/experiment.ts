import { areCharacters } from '../../data/characters.ts';
import type { DatasetFacts } from '../../data/served_datasets.ts';
import {
  type AugmentationConfig,
  adam,
  type Finding,
  type FitSettings,
  type HealthLevel,
  type LossConfig,
  type MetricConfig,
  type Model,
  type OpConfig,
  type OptimizerConfig,
  type Variable,
  withClasses,
} from '../../index.ts';
import { withOutputs } from '../../model/classes.ts';
import { defaultLoss, endingFor, fillLoss } from '../../model/loss.ts';
import { lossDefinition } from '../../model/losses/index.ts';
import { tutorialBatchSize } from '../../model/tutorial.ts';
import type { AugmentationPresetName } from '../../train/augmentation_presets.ts';
import { augmentationPresets, modelPresets } from './presets.ts';

/** Everything that determines a run: the same experiment on the same adapter gives the same bits. Plain JSON. */
export interface Experiment {
  /** The name of a built-in data set, or `own` for the user's images. */
  dataset: string;
  /** Findings whose images are left out. */
  clean: readonly Finding[];
  /** Width and height of the images that the user's own pictures become; if omitted, the size follows from theirs. */
  imageSize?: number | undefined;
  /** Which labels the user's own files are read with, if they have several kinds. */
  labels?: string | undefined;
  /** Whether values of the user's own files that use only part of their range are stretched to the full range. */
  stretch?: true | undefined;
  /** A preset's name, or an augmentation for createTrainer; left out for the one that suits the classes. */
  augmentation?: string | AugmentationConfig;
  /** Ops that are switched off and can be switched on again, by their position among all ops. */
  switchedOff?: Record<number, OpConfig>;
  /** A preset's name, which adapts to the images and classes, or a model for createTrainer. */
  model: string | Model;
  optimizer: Exclude<OptimizerConfig, string>;
  /** Left out for the loss that suits the labels. */
  loss?: Exclude<LossConfig, string>;
  batchSize: number;
  /** Number of batches whose gradients each step accumulates. */
  accumulationSteps: number;
  /** Limit for network and images in MiB of GPU memory; left out for one based on the adapter's limits. */
  memoryBudget?: number | undefined;
  /** Left out for float32. */
  activationStorage?: 'float16' | undefined;
  /** With float16; left out for one that suits the batch size. */
  lossScale?: number | 'dynamic' | undefined;
  seed: number;
  /** Which gradient statistics are measured; they do not affect training. */
  health: HealthLevel;
  /** Validation metrics in addition to loss and accuracy. */
  metrics?: readonly MetricConfig[];
  /** Validation and early stopping options. */
  fit?: FitSettings;
  /** Number of augmented samples per validation image that the results average over; without it, images are not augmented. */
  testTimeAugmentation?: number;
  /** Left out for a number that suits the adapter. */
  epochs?: number;
  trainSamples?: number;
  testSamples?: number;
  /** A twin that is trained in lock-step with the network and differs in one variable. */
  twin?: Change | undefined;
}

/** The value with which twin B replaces the experiment's: the name of a preset or an optimizer, a learning rate, or JSON. */
export interface Change {
  vary: Variable;
  to: string;
}

/** An experiment whose augmentation is resolved. */
export type SettledExperiment = Experiment & Required<Pick<Experiment, 'augmentation'>>;

export const defaults: Experiment = {
  dataset: 'mnist',
  clean: [],
  augmentation: undefined,
  model: 'tutorial',
  optimizer: adam(),
  batchSize: tutorialBatchSize,
  accumulationSteps: 1,
  seed: 0,
  health: 'norms',
};

/**
 * What the page opens with: the experiment of the gallery whose recorded run is shown before anything is trained, so that Train
 * repeats what the visitor sees.
 */
export const initial: Experiment = {
  ...defaults,
  dataset: 'digits',
  augmentation: 'none',
  model: 'deep-sigmoid',
  epochs: 5,
};

/** The labels that the outputs of an experiment's model correspond to: the classes, or the target numbers of each image. */
export type Labels = Pick<DatasetFacts, 'classNames' | 'targetNames'>;

/**
 * The model to train, for a given input shape and labels. A preset gets the output layer that the loss needs. The model may not
 * fit: createTrainer reports that.
 */
export function modelOf({ model, loss }: Experiment, inputShape: Model['inputShape'], labels: Labels): Model {
  const outputs = outputsOf(labels);
  if (typeof model === 'string') return endingFor(modelPresets[model]!(inputShape, outputs), lossOf({ loss }));
  const layers = labels.targetNames ? withOutputs(model.layers, outputs) : withClasses(model.layers, outputs);
  return { inputShape, layers };
}

/** The loss of an experiment, by default that for classes. */
export const lossOf = ({ loss }: Pick<Experiment, 'loss'>): Exclude<LossConfig, string> =>
  loss ?? { type: defaultLoss };

/** Whether two losses are equal after defaults are filled in; an invalid loss equals no other. */
export function sameLoss(a: LossConfig, b: LossConfig): boolean {
  try {
    return JSON.stringify(fillLoss(a)) === JSON.stringify(fillLoss(b));
  } catch {
    return false;
  }
}

/** Whether the labels are mutually exclusive classes: only those have an accuracy by class and a confusion matrix. */
export const isCategorical = (experiment: Pick<Experiment, 'loss'>): boolean =>
  lossDefinition(lossOf(experiment).type).ending === 'softmax';

/** The name of the metric that is measured in addition to the loss. */
export const metricWords = (experiment: Pick<Experiment, 'loss'>): string =>
  hasAccuracy(experiment) ? 'accuracy' : 'mean absolute error';

export const hasAccuracy = (experiment: Pick<Experiment, 'loss'>): boolean =>
  lossDefinition(lossOf(experiment).type).metric === 'accuracy';

/** The names of a model's outputs. */
export const namesOf = ({ classNames, targetNames }: Labels): readonly string[] => targetNames ?? classNames;

/** Number of a model's outputs. */
export const outputsOf = (labels: Labels): number => namesOf(labels).length;

/** The loss of an experiment without one, for images with numbers instead of classes. */
export function lossFor({ targetNames, areYesOrNo }: DatasetFacts): Experiment['loss'] {
  if (!targetNames) return undefined;
  return { type: areYesOrNo ? 'binaryCrossentropy' : 'meanSquaredError' };
}

export const augmentationOf = ({ augmentation }: SettledExperiment): AugmentationConfig =>
  typeof augmentation === 'string' ? augmentationPresets[augmentation]! : augmentation;

/** The augmentation of an experiment without one: the flip is left out if mirroring would change digits or letters. */
export const augmentationFor = (classNames: readonly string[]): AugmentationPresetName =>
  areCharacters(classNames) ? 'handwriting' : 'tutorial';
