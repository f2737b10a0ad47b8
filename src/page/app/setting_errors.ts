import type { DatasetFacts } from '../../data/served_datasets.ts';
import { ConfigurationError, type ErrorParts, partsOf } from '../../errors.ts';
import { fillLoss } from '../../model/loss.ts';
import { countedMetrics, type FilledMetric, fillMetrics, requireMetricsFit } from '../../model/metrics/index.ts';
import { fillOptimizer } from '../../model/optimizer.ts';
import { callbackDefinitions, fillCallbacks, requireCallbacksFit } from '../../train/callbacks/index.ts';
import { weightsOf } from '../../train/class_weights.ts';
import { fillFitSettings } from '../../train/fill_fit_settings.ts';
import type { Measured } from '../../train/monitor.ts';
import { type Experiment, hasAccuracy, isCategorical, lossOf, outputsOf } from './experiment.ts';
import { learningRateOf } from './learning_rate.ts';

export type CallbackName = keyof typeof callbackDefinitions;
export const callbackNames = Object.keys(callbackDefinitions) as CallbackName[];

/** The parts of the settings, each of which has its own form. */
export type Setting = 'optimizer' | 'loss' | 'classWeight' | 'metrics' | 'validation' | CallbackName;
export type SettingErrors = Partial<Record<Setting, ErrorParts>>;

/** The figures that a run measures, which callbacks can monitor. */
export function monitorable(experiment: Experiment): Measured {
  return {
    validation: true,
    accuracy: hasAccuracy(experiment),
    metrics: counted(experiment),
  };
}

/** The metrics if they are valid; empty while their form is in the middle of an edit. */
function counted({ metrics }: Experiment): FilledMetric[] {
  try {
    return countedMetrics(fillMetrics(metrics));
  } catch {
    return [];
  }
}

/**
 * The errors with which `createTrainer` and `fit` would reject an experiment, found before anything is allocated.
 *
 * @param facts of the data set, once they are known.
 */
export function settingErrorsOf(experiment: Experiment, facts: DatasetFacts | undefined): SettingErrors {
  const { optimizer, metrics, fit = {} } = experiment;
  const { classWeight, validationSplit, validationFreq, terminateOnNaN } = fit;
  const checks: Record<Setting, () => unknown> = {
    optimizer: () => fillOptimizer(optimizer),
    loss: () => fillLoss(lossOf(experiment)),
    classWeight: () => classWeight !== undefined && requireClassWeights(classWeight, facts),
    metrics: () => {
      const filled = fillMetrics(metrics);
      if (facts && isCategorical(experiment)) requireMetricsFit(filled, outputsOf(facts));
      else if (!isCategorical(experiment) && counted(experiment).length) throw notOfClasses(experiment);
    },
    validation: () =>
      fillFitSettings({
        ...(validationSplit !== undefined && { validationSplit }),
        ...(validationFreq !== undefined && { validationFreq }),
        ...(terminateOnNaN !== undefined && { terminateOnNaN }),
      }),
    ...(Object.fromEntries(
      callbackNames.map((name) => [
        name,
        () =>
          fit[name] !== undefined &&
          requireCallbacksFit(
            fillCallbacks({ [name]: fit[name] }),
            monitorable(experiment),
            typeof learningRateOf(optimizer) !== 'number',
          ),
      ]),
    ) as Record<CallbackName, () => unknown>),
  };
  const errors = Object.entries(checks).flatMap(([name, check]) => {
    const error = errorOf(check);
    return error ? [[name, error]] : [];
  });
  return Object.fromEntries(errors);
}

function errorOf(check: () => unknown): ErrorParts | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return partsOf(error);
  }
}

type ClassWeights = NonNullable<NonNullable<Experiment['fit']>['classWeight']>;

/** Runs the check of `fit` on a data set with one image per class. */
function requireClassWeights(classWeight: ClassWeights, facts: DatasetFacts | undefined): void {
  if (!facts) return;
  const { classNames, imageShape } = facts;
  if (classNames.length === 0) {
    throw new ConfigurationError({
      what: 'Class weights require images that have a class',
      found: 'images with numbers instead of classes',
      expected: 'no class weights',
      fix: 'choose "none"',
    });
  }
  const labels = Uint16Array.from(classNames, (_, label) => label);
  weightsOf(
    { images: new Uint8Array(), labels, classNames: [...classNames], imageShape, count: labels.length },
    { classWeight },
  );
}

const notOfClasses = (experiment: Experiment) =>
  new ConfigurationError({
    what: `These metrics require classes, which ${lossOf(experiment).type} does not have`,
    found: counted(experiment)
      .map(({ name }) => name)
      .join(', '),
    expected: 'no metrics: figures that fit this loss are always measured',
    fix: 'remove them, or choose a loss for classes',
  });
