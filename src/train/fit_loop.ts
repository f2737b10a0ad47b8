import { isPlain } from '../augment/plain.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import type { History } from '../health/history.ts';
import { metricOf } from '../model/loss.ts';
import { requireMetricsFit } from '../model/metrics/index.ts';
import type { FilledLearningRate } from '../model/schedule.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import type { Engine } from './engine.ts';
import type { FilledFitOptions } from './fit_options.ts';
import { FitRecords, type Place } from './fit_records.ts';
import { FitRun } from './fit_run.ts';
import { isEverValidated } from './fit_settings.ts';
import { metricsOf } from './metrics_of.ts';
import type { Probing } from './probing.ts';
import type { ClassWeight } from './sample_weights.ts';
import type { Split } from './split.ts';
import { requireMetricsFitLoss } from './trainer_options.ts';

/** Few runs have sample or class weights, so their code is loaded on demand. */
const weightsIn = async (sampleWeight: Float32Array, { count }: Dataset) =>
  (await import('./sample_weights.ts')).requireSampleWeight(sampleWeight, count);

const weightsByClass = async (dataset: Dataset, classWeight: ClassWeight, sampleWeight: Float32Array | undefined) =>
  (await import('./class_weights.ts')).weightsOf(dataset, { classWeight, ...(sampleWeight && { sampleWeight }) });

/** Loaded on demand, because most runs have no callbacks. */
const byCallbacks = () => import('./fit_callbacks.ts');

/** Implements `Trainer.fit`: trains on a data set, epoch by epoch. */
export async function fitDataset(engine: Engine, dataset: Dataset, options: FilledFitOptions): Promise<History> {
  const started = performance.now();
  const { steps, startup } = engine;
  const { training, validation: kept, start } = await splitOf(engine, dataset, options);
  const validationData = options.validationData ?? kept;
  const metrics = metricsOf(engine.settings.metrics, options);
  const { outputs, loss } = engine.settings;
  requireMetricsFitLoss(metrics, loss);
  requireMetricsFit(metrics, outputs);
  const accuracy = metricOf(loss) === 'accuracy';
  const validates = isEverValidated(options.epochs, options.validationFreq);
  const measured = { validation: validationData !== undefined && validates, isLeftOut: !validates, accuracy, metrics };
  const filled = options.callbacks;
  const callbacksOf =
    Object.keys(filled).length > 0 ? (await byCallbacks()).checkedCallbacks(engine, filled, measured) : undefined;
  await engine.fitAugmentation(training);
  const { classWeight, sampleWeight } = options;
  const given = sampleWeight ?? dataset.sampleWeights;
  const own = given && (await weightsIn(given, dataset)).subarray(start, start + training.count);
  const weights = classWeight === undefined ? own : await weightsByClass(training, classWeight, own);
  const how = { alsoPlain: engine.probe !== undefined, ...(weights && { weights }) };
  const input = await engine.input(training, engine.inputView, steps.training, how);
  let validation: DatasetInput | undefined;
  try {
    if (validationData) validation = await (await import('./evaluate.ts')).inferenceInput(engine, validationData);
    await engine.gpu.device.queue.onSubmittedWorkDone();
    if (!startup.uploadMs) startup.uploadMs = performance.now() - started;
    const place = placeOf(engine, input, options);
    const probing = engine.probe && (await startProbing(engine, input, training, start, place.stepsBefore + 1));
    const warnings = await warningsOf(engine, place, options);
    if (place.stepsBefore === 0 || !callbacksOf) engine.keptByCallbacks = {};
    const callbacks = callbacksOf?.();
    const records = new FitRecords(
      engine,
      input,
      place,
      { data: training, isWeighted: weights !== undefined },
      options,
    );
    records.history.warnings.push(...warnings);
    const { onCheckpoint, checkpointEvery } = options;
    const checkpoints =
      onCheckpoint && new (await import('./snapshot.ts')).Checkpoints(engine, checkpointEvery, onCheckpoint);
    const run = { engine, input, validation, metrics, probing, place, records, callbacks, checkpoints };
    const history = await new FitRun({ ...run, options: { ...options, validationData } }).train();
    history.images = { training: input.use, ...(validation && { validation: validation.use }) };
    return history;
  } finally {
    // After an exception in a callback, or the loss of the device, submissions may still be in flight.
    await engine.scheduler.abandon();
    input.dispose();
    validation?.dispose();
  }
}

/** Loaded on demand, because only an augmentation that does more than rescale can define a split. */
async function splitOf({ inputView }: Engine, dataset: Dataset, options: FilledFitOptions): Promise<Split> {
  if (isPlain(inputView.augmentation) && options.validationSplit === undefined) return { training: dataset, start: 0 };
  const { splitForTraining } = await import('./split.ts');
  return splitForTraining(dataset, inputView, options);
}

/** Loads the code of probes on demand. */
async function startProbing(
  engine: Engine,
  input: DatasetInput,
  { labels }: Dataset,
  start: number,
  firstStep: number,
): Promise<Probing> {
  const { Probing } = await import('./probing.ts');
  return new Probing(engine, engine.probe!, input, labels, start, firstStep);
}

function placeOf(
  { settings, epochs: begun, isRestored }: Engine,
  { samplesPerEpoch }: DatasetInput,
  { epochs, initialEpoch, initialSteps }: FilledFitOptions,
): Place {
  const epochSteps = Math.ceil(samplesPerEpoch / stepSamples(settings));
  // The state after the last epoch of a run may also be restored; `fit` then only finishes that run.
  if (initialEpoch > epochs || (initialEpoch === epochs && !isRestored)) {
    throw new ConfigurationError({
      what: 'No epoch is left to train: initialEpoch has already reached epochs',
      found: { epochs, initialEpoch },
      expected: `epochs of ${initialEpoch + 1} or more`,
    });
  }
  if (initialSteps.length >= epochSteps || (initialSteps.length > 0 && begun === 0)) {
    throw new ConfigurationError({
      what: 'initialSteps are not the steps of a partial epoch',
      found: `${initialSteps.length} steps, in a trainer that has begun ${begun} epochs`,
      expected: `fewer than the ${epochSteps} steps of an epoch, after a restore of the snapshot that was taken after them`,
    });
  }
  return { epochSteps, stepsBefore: initialEpoch * epochSteps + initialSteps.length };
}

/** Warnings before the first step, which are also reported to `onWarning`. */
async function warningsOf(
  { schedule, trainingSteps, variantWarnings }: Engine,
  { epochSteps, stepsBefore }: Place,
  { epochs, onWarning }: FilledFitOptions,
): Promise<string[]> {
  const updates = trainingSteps + epochs * epochSteps - stepsBefore;
  const tooShort = await lengthWarning(schedule.learningRate, updates);
  const warnings = [...(tooShort ? [tooShort] : []), ...variantWarnings];
  for (const warning of warnings) onWarning?.(warning);
  return warnings;
}

/** Loads the sentence on demand, since most runs have one learning rate. */
const lengthWarning = async (rate: FilledLearningRate, updates: number) =>
  typeof rate === 'number'
    ? undefined
    : (await import('../model/schedule_length.ts')).scheduleLengthWarning(rate, updates);
