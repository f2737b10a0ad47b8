import { isPlain } from '../augment/plain.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { anyAborted } from '../gpu/unless_aborted.ts';
import type { Verdict } from '../health/health.ts';
import { type EpochRecord, emptyHistory, type History, summarize, withoutHealth } from '../health/history.ts';
import type { WatchState } from '../health/verdicts.ts';
import { metricOf } from '../model/loss.ts';
import { type FilledMetric, requireMetricsFit, validationName } from '../model/metrics/index.ts';
import type { FilledLearningRate } from '../model/schedule.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import { badStepsToHalt } from '../plan/steps.ts';
import type { Callbacks, FilledCallbacks } from './callbacks/index.ts';
import { CheckpointTimes } from './checkpoint_every.ts';
import type { Engine } from './engine.ts';
import { isEverValidated, isValidated } from './fit_settings.ts';
import type { Judging } from './judging.ts';
import { metricsOf } from './metrics_of.ts';
import type { Measured } from './monitor.ts';
import { createPace, type Pace } from './pace.ts';
import type { Probing } from './probing.ts';
import type { ClassWeight } from './sample_weights.ts';
import type { Split } from './split.ts';
import { trainingRecording } from './step_recordings.ts';
import { type FilledFitOptions, requireMetricsOfClasses } from './trainer_options.ts';
import { readWeights } from './weights.ts';

/** Few runs have sample or class weights, so their code is loaded on demand. */
const weightsIn = async (sampleWeight: Float32Array, { count }: Dataset) =>
  (await import('./sample_weights.ts')).requireSampleWeight(sampleWeight, count);

const weightsByClass = async (dataset: Dataset, classWeight: ClassWeight, sampleWeight: Float32Array | undefined) =>
  (await import('./class_weights.ts')).weightsOf(dataset, { classWeight, ...(sampleWeight && { sampleWeight }) });

/** Loaded on demand, because a run without validation doesn't need it. */
const byEvaluation = () => import('./evaluate.ts');

/** Steps between verdicts on the run. */
const stepsBetweenJudgments = 50;

/** Implements `Trainer.fit`: trains on a data set, epoch by epoch. */
export async function fitDataset(engine: Engine, dataset: Dataset, options: FilledFitOptions): Promise<History> {
  const started = performance.now();
  const { steps, startup } = engine;
  const { training, validation: kept, start } = await splitOf(engine, dataset, options);
  const validationData = options.validationData ?? kept;
  const metrics = metricsOf(engine.settings.metrics, options);
  const { outputs, loss } = engine.settings;
  requireMetricsOfClasses(metrics, loss);
  requireMetricsFit(metrics, outputs);
  const accuracy = metricOf(loss) === 'accuracy';
  const validates = isEverValidated(options.epochs, options.validationFreq);
  const measured = { validation: validationData !== undefined && validates, isLeftOut: !validates, accuracy, metrics };
  const callbacks = await begunCallbacks(engine, options, measured);
  await engine.fitAugmentation(training);
  const { classWeight, sampleWeight } = options;
  const given = sampleWeight ?? dataset.sampleWeights;
  const own = given && (await weightsIn(given, dataset)).subarray(start, start + training.count);
  const weights = classWeight === undefined ? own : await weightsByClass(training, classWeight, own);
  const how = { alsoPlain: engine.probe !== undefined, ...(weights && { weights }) };
  const input = await engine.input(training, engine.inputView, steps.training, how);
  let validation: DatasetInput | undefined;
  try {
    if (validationData) validation = await (await byEvaluation()).inferenceInput(engine, validationData);
    await engine.gpu.device.queue.onSubmittedWorkDone();
    if (!startup.uploadMs) startup.uploadMs = performance.now() - started;
    const place = placeOf(engine, input, options);
    const probing = engine.probe && (await startProbing(engine, input, training, start, place.stepsBefore + 1));
    const data = { data: training, isWeighted: weights !== undefined };
    const history = await train(engine, input, validation, probing, place, measured, data, callbacks, {
      ...options,
      validationData,
    });
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

type RunCallbacks = Pick<Callbacks, 'restoresBestWeights' | 'epochEnd' | 'states' | 'stoppedEarly'>;

/** A run without callbacks. */
const noCallbacks: RunCallbacks = {
  restoresBestWeights: false,
  states: undefined,
  epochEnd: () => ({ stop: false, keepWeights: false }),
  stoppedEarly: () => undefined,
};

/** Loads the code of callbacks on demand. @throws ConfigurationError for callbacks that don't fit the run. */
async function begunCallbacks(
  engine: Engine,
  { callbacks: filled }: FilledFitOptions,
  measured: Measured,
): Promise<() => RunCallbacks> {
  if (Object.keys(filled).length === 0) return () => noCallbacks;
  const { Callbacks, requireCallbacksFit } = await import('./callbacks/index.ts');
  requireCallbacksFit(filled, measured, typeof engine.schedule.learningRate !== 'number');
  return () => new Callbacks(filled, measured, engine.keptByCallbacks.states);
}

/** The inputs of the verdicts on a run and its layers. */
export interface JudgedRun {
  settings: Engine['settings'];
  /** The training samples. */
  data: Dataset;
  /** True if samples have weights. */
  isWeighted: boolean;
  epochSteps: number;
  verdictsBefore: readonly Verdict[];
  watchBefore: WatchState | undefined;
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

/** The point at which a run resumes, counted from its start. */
interface Place {
  epochSteps: number;
  stepsBefore: number;
}

function placeOf(
  { settings, epochs: begun, isRestored }: Engine,
  { places }: DatasetInput,
  { epochs, initialEpoch, initialSteps }: FilledFitOptions,
): Place {
  const epochSteps = Math.ceil(places / stepSamples(settings));
  // The state after the last epoch of a run may also be restored; `fit` then only finishes that run.
  if (initialEpoch > epochs || (initialEpoch === epochs && !isRestored)) {
    throw new ConfigurationError({
      what: 'No epoch is left to train: initialEpoch counts those that were before',
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

/** Loads the sentence on demand, since most runs have one learning rate. */
const lengthWarning = async (rate: FilledLearningRate, updates: number) =>
  typeof rate === 'number'
    ? undefined
    : (await import('../model/schedule_length.ts')).scheduleLengthWarning(rate, updates);

async function train(
  engine: Engine,
  input: DatasetInput,
  validation: DatasetInput | undefined,
  probing: Probing | undefined,
  { epochSteps, stepsBefore }: Place,
  measured: Measured & { metrics: readonly FilledMetric[] },
  data: Pick<JudgedRun, 'data' | 'isWeighted'>,
  beginCallbacks: () => RunCallbacks,
  { epochs, initialEpoch, initialSteps, ...options }: FilledFitOptions,
): Promise<History> {
  const { scheduler, startup, reader, disposal, interludes } = engine;
  const { stream } = input;
  const { training } = engine.steps;
  const recording = trainingRecording(engine.steps, input);
  const history = emptyHistory();
  const updates = engine.trainingSteps + epochs * epochSteps - stepsBefore;
  const tooShort = await lengthWarning(engine.schedule.learningRate, updates);
  for (const warning of [...(tooShort ? [tooShort] : []), ...engine.variantWarnings]) {
    history.warnings.push(warning);
    options.onWarning?.(warning);
  }
  if (stepsBefore === 0) engine.keptByCallbacks = {};
  const callbacks = beginCallbacks();
  engine.keptByCallbacks.states = callbacks.states;
  if (!callbacks.restoresBestWeights) delete engine.keptByCallbacks.bestWeights;
  /** True if a callback had already ended the run that this one resumes, so that nothing is left to train. */
  let isOver = callbacks.stoppedEarly(false) !== undefined;
  const watchBefore = stepsBefore > 0 ? engine.watchBefore : undefined;
  // Loaded while the first steps are in flight, because nothing is judged before their records arrive.
  const loading = import('./judging.ts');
  loading.catch(() => undefined); // the code that awaits it gets the error
  let judging: Judging | undefined;
  /** Records that arrived before it was loaded. */
  const early: [bytes: ArrayBuffer, count: number][] = [];
  const judge = async () => {
    if (judging) return judging;
    const { Judging } = await loading;
    judging = new Judging({
      ...{ settings: engine.settings, ...data, epochSteps },
      ...{ verdictsBefore: options.initialVerdicts, watchBefore },
    });
    engine.watch = judging.watch;
    engine.watchBefore = undefined;
    for (const [bytes, count] of early.splice(0)) take(bytes, count);
    return judging;
  };
  const judgeRun = (by: Judging, end?: 'end' | 'failure') => {
    const step = stepsBefore + history.steps.length;
    const verdict = by.judgeRun({ step, epoch: Math.ceil(step / epochSteps) }, end);
    if (!verdict) return;
    history.runVerdicts.push(verdict);
    options.onRunVerdict?.(verdict);
  };
  /** Converts the run's step count to the trainer's. */
  const offset = engine.trainingSteps - stepsBefore;
  let ofEpoch = [...initialSteps];
  let badInARow = initialSteps.length - 1 - initialSteps.findLastIndex(({ skipped }) => !skipped);
  let firstSubmitted = 0;
  const take = (bytes: ArrayBuffer, count: number) => {
    if (!startup.firstStepMs) startup.firstStepMs = performance.now() - firstSubmitted;
    if (!judging) {
      early.push([bytes.slice(0), count]);
      return;
    }
    for (let i = 0; i < count; i++) {
      const record = reader.read(bytes, i, judging.healthReader);
      if (!record || disposal.aborted) return;
      if (!record.skipped) engine.noteUpdate(record.step);
      record.step -= offset;
      record.epoch = initialEpoch + history.epochs.length + 1;
      badInARow = record.skipped ? badInARow + 1 : 0;
      if (record.skipped) history.skippedSteps++;
      const kept = options.keepHealth ? record : withoutHealth(record);
      history.steps.push(kept);
      ofEpoch.push(kept);
      options.onStep?.(record, { epochSteps, epochs });
      for (const verdict of judging.add(record)) {
        history.verdicts.push(verdict);
        options.onVerdict?.(verdict);
      }
      if (record.step % stepsBetweenJudgments === 0) judgeRun(judging);
    }
    stream?.done(count * stepSamples(engine.settings));
  };
  const badStepsToStop = options.terminateOnNaN ? 1 : badStepsToHalt;
  const { failure } = engine.gpu;
  const isToStop = () => badInARow >= badStepsToStop || options.signal?.aborted || disposal.aborted || failure.aborted;
  const { pace = createPace() } = options;
  const isHeld = () => (pace.paused || interludes.areWaiting) && !isToStop();
  const times = options.onCheckpoint && new CheckpointTimes(options.checkpointEvery);
  const keepState = async () => {
    const { takeSnapshot } = await import('./snapshot.ts');
    const snapshot = await takeSnapshot(engine);
    times!.taken();
    await options.onCheckpoint!(snapshot);
  };
  engine.resetHalt(training, { badInARow, atOnce: options.terminateOnNaN });
  for (let epoch = initialEpoch + 1; epoch <= epochs && !isOver && !isToStop(); epoch++) {
    const started = performance.now();
    const before = ofEpoch.length;
    const order = engine.nextOrder(input, options.shuffle, before > 0);
    const next = engine.epochs + 1;
    const follow = () => (epoch < epochs ? { order: input.orderOf(next, options.shuffle), epoch: next } : undefined);
    engine.beginEpoch(training, input, order, before * stepSamples(engine.settings), stream && follow);
    if (before === 0) engine.forgetUnits();
    let left = epochSteps - before;
    /** Position in the epoch at which the last checkpoint was taken; a resumed run starts from that checkpoint. */
    let lastKept = before > 0 ? left : Infinity;
    let heldMs = 0;
    while (left > 0) {
      if (firstSubmitted || stepsBefore > 0 || probing || isHeld()) await judge();
      await scheduler.ready();
      if (isHeld()) {
        await scheduler.drain();
        const since = performance.now();
        await hold(engine, pace, isHeld, options);
        heldMs += performance.now() - since;
      }
      if (isToStop()) break;
      const there = stream
        ? await stream.ready(disposal, failure, ...(options.signal ? [options.signal] : []))
        : Infinity;
      // Something else may have become due while waiting for the images.
      if (isToStop() || isHeld()) continue;
      const next = engine.trainingSteps - offset + 1;
      if (times && left < epochSteps && left < lastKept && times.isDueAfterStep(next - 1)) {
        await scheduler.drain();
        lastKept = left;
        if (isToStop()) break;
        const since = performance.now();
        await keepState();
        heldMs += performance.now() - since;
        continue; // the receiver may stop the run
      }
      if (probing?.isDue(next)) {
        await scheduler.drain();
        if (isHeld()) continue;
        if (isToStop()) break;
        const since = performance.now();
        const probe = await probing.probe(next, order, epochSteps - left);
        heldMs += performance.now() - since;
        history.probes.push(probe);
        options.onProbe?.(probe);
        continue; // the callback may pause or stop it
      }
      firstSubmitted ||= performance.now();
      const most = Math.min(
        left,
        Math.ceil(there / stepSamples(engine.settings)),
        pace.allowed,
        probing?.stepsBeforeNext(next) ?? Infinity,
        times?.stepsBeforeNext(next - 1) ?? Infinity,
      );
      const submitted = await scheduler.submit(training.records, recording, engine.trainingSteps + 1, most, take);
      engine.trainingBegan(submitted);
      stream?.submitted(submitted * stepSamples(engine.settings));
      left -= submitted;
      pace.taken(submitted);
    }
    const by = await judge();
    await scheduler.drain();
    if (badInARow >= badStepsToStop) {
      judgeRun(by, 'failure');
      const { gpu, memory, steps, lastUpdate = 0 } = engine;
      const updated = lastUpdate - offset > stepsBefore ? lastUpdate - offset : undefined;
      const { diagnose } = await import('./diagnose.ts'); // few runs need it
      const error = await diagnose(
        gpu,
        memory,
        steps,

        stepsBefore + history.steps.length,
        updated,
      );
      error.history = history;
      engine.resetHalt(training);
      throw error;
    }
    if (left === epochSteps) engine.undoEpoch(); // none of it was trained
    if (left > 0) break;
    const record = summarize(epoch, ofEpoch, (performance.now() - started - heldMs) / 1000, before);
    ofEpoch = [];
    if (validation && isValidated(epoch, options.validationFreq)) {
      const { evaluateInput } = await byEvaluation();
      const evaluated = engine.withWeights('average', () =>
        evaluateInput(engine, validation, options.validationData!, measured.metrics, { again: epoch < epochs }),
      );
      for (const [name, value] of Object.entries(await evaluated)) record[validationName(name)] = value;
    }
    isOver = await applyCallbacks(engine, callbacks, record);
    history.epochs.push(record);
    by.addEpoch(record);
    options.onEpoch?.(record);
    // Calls made within onEpoch see the end of this epoch rather than the start of the next. They are queued one microtask
    // later.
    await Promise.resolve();
    await interludes.run();
    if (times?.isDueAfterEpoch(stepsBefore + history.steps.length, epoch)) await keepState();
  }
  // A state restored after the last epoch predates this judgment.
  if (history.steps.length > 0 || initialEpoch === epochs || isOver) judgeRun(await judge(), 'end');
  const isComplete = isOver || initialEpoch + history.epochs.length >= epochs;
  history.stopped = !isComplete;
  const restored = isComplete && restoreBestWeights(engine, options.callbacks);
  const stoppedEarly = callbacks.stoppedEarly(restored);
  if (stoppedEarly) history.stoppedEarly = stoppedEarly;
  return history;
}

/** Calls the callbacks after an epoch and applies their decisions. @returns true after the last epoch. */
async function applyCallbacks(engine: Engine, callbacks: RunCallbacks, record: EpochRecord): Promise<boolean> {
  const { schedule, keptByCallbacks: kept } = engine;
  const before = schedule.learningRate;
  const { stop, keepWeights, learningRate } = callbacks.epochEnd(record, typeof before === 'number' ? before : 0);
  if (learningRate !== undefined) {
    await schedule.setLearningRate(learningRate);
    record.reducedLearningRate = learningRate;
  }
  // If the optimizer keeps a moving average, the best value was measured with it.
  if (keepWeights && callbacks.restoresBestWeights) {
    kept.bestWeights = await readWeights(engine, engine.steps.average ? 'average' : 'current');
  }
  kept.states = callbacks.states;
  return stop;
}

/** At the end of a complete run, whether or not it ended early, as in Keras. An interrupted run keeps its weights. */
function restoreBestWeights(engine: Engine, { earlyStopping }: FilledCallbacks): boolean {
  const { bestWeights } = engine.keptByCallbacks;
  if (!earlyStopping?.restoreBestWeights || !bestWeights) return false;
  engine.writeTensors(bestWeights);
  return true;
}

/** Waits between two submissions, with nothing in flight: serves calls of `meanwhile`, and blocks while `pace` is paused. */
async function hold(
  { gpu, interludes, disposal }: Engine,
  pace: Pace,
  isHeld: () => boolean,
  { signal, onPause }: Pick<FilledFitOptions, 'signal' | 'onPause'>,
): Promise<void> {
  let hasReported = false;
  while (isHeld()) {
    await interludes.run();
    if (interludes.areWaiting) continue; // one arrived as the last one ended, for which no event would be signaled
    if (!isHeld()) return;
    if (!hasReported) onPause?.();
    hasReported = true;
    if (!isHeld()) return; // onPause may have resumed the run
    await anyAborted([pace.changed, interludes.arrival, disposal, gpu.failure, ...(signal ? [signal] : [])]);
  }
}
