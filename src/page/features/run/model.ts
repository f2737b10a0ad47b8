import { effect } from '@preact/signals';
import { type ProxyMarked, proxy } from 'comlink';
import { givenReadingOptions } from '../../../data/reading_options.ts';
import type { DatasetFacts } from '../../../data/served_datasets.ts';
import type { ErrorParts } from '../../../errors.ts';
import { counted } from '../../../figures.ts';
import { upTo } from '../../../formats/history_until.ts';
import type { RunEvent } from '../../../health/run_events.ts';
import type { Model } from '../../../index.ts';
import type { Plan } from '../../../train/run_length.ts';
import { checkUnderWay } from '../../app/augmentation_check.ts';
import { augmentationOf, metricWords, modelOf, namesOf, type SettledExperiment } from '../../app/experiment.ts';
import { isValidRate, learningRateOf, rateWords, sameRate } from '../../app/learning_rate.ts';
import * as state from '../../app/state.ts';
import type { Status } from '../../app/status.ts';
import { training } from '../../app/worker_client.ts';
import { metricText } from '../../ui/numbers.ts';
import { Run } from './run.ts';
import * as runState from './state.ts';
import { isUnsaved, mayReplace } from './unsaved.ts';
import type { Listener, Trained, TrainRequest } from './worker.ts';

/** The actions of the user on a run. */

/** The run as it is set up, for tasks of the worker other than training; undefined while a part of it is unknown. */
export function plannedRequest(): TrainRequest | undefined {
  const { facts } = state.dataset.peek();
  const length = state.plan.peek();
  const inputShape = state.checked.peek()?.shape;
  if (!facts || !length || !inputShape) return undefined;
  return { ...requestOf(state.settled.peek(), inputShape, facts, length), paused: false };
}

/** Converts an experiment to the worker's format. @param inputShape of the model: the shape of augmented images. */
export function requestOf(
  experiment: SettledExperiment,
  inputShape: Model['inputShape'],
  facts: DatasetFacts,
  plan: Plan,
): Omit<TrainRequest, 'paused'> {
  const { dataset, clean, optimizer, loss, batchSize, accumulationSteps, memoryBudget, seed, health } = experiment;
  const { metrics, fit, testTimeAugmentation, activationStorage, lossScale } = experiment;
  const { epochs, trainSamples, testSamples } = plan;
  return {
    dataset,
    clean,
    ...(dataset === 'own' && { reading: givenReadingOptions(experiment) }),
    model: modelOf(experiment, inputShape, facts),
    augmentation: augmentationOf(experiment),
    optimizer,
    ...(loss && { loss }),
    batchSize,
    accumulationSteps,
    ...(memoryBudget && { memoryBudget: memoryBudget * 2 ** 20 }),
    ...(activationStorage && { activationStorage }),
    ...(lossScale && { lossScale }),
    seed,
    health,
    ...(metrics && { metrics }),
    ...(fit && { fit }),
    ...(testTimeAugmentation && { testTimeAugmentation }),
    epochs,
    trainSamples,
    testSamples,
  };
}

/**
 * Trains the current experiment until it is done or stopped. @param options `paused` waits for `step` or `resume`; `replaces` means
 * that the user has already agreed to replace the previous run.
 */
export async function train({ paused = false, replaces = false } = {}): Promise<void> {
  // A change that was just made is still being checked.
  const isUnderWay = checkUnderWay();
  if (isUnderWay) await isUnderWay;
  if (!runState.isReady.peek() || (!replaces && isUnsaved() && !(await mayReplace()))) return;
  const experiment = state.settled.peek();
  const plan = state.plan.peek();
  const { facts } = state.dataset.peek();
  const { summary } = state.layers.peek();
  const { shape } = state.checked.peek() ?? {};
  if (!plan || !facts || !summary || !shape || !runState.isReady.peek()) return;
  const run = new Run(experiment, plan, summary, namesOf(facts), facts.imageShape);
  const request = {
    ...requestOf(experiment, shape, facts, plan),
    ...(run.probeEvery && { probeEvery: run.probeEvery }),
  };
  await follow(run, (listener) => training.train({ ...request, paused }, listener));
}

/** Determines where a run that has ended can resume. */
export async function canResume(run: Run): Promise<void> {
  const from = await training.resumesFrom();
  if (!from || runState.run.peek() !== run) return;
  // The history in a file may have fewer steps than its network was trained for.
  if (run.log.steps[from.step - 1]?.step === from.step) runState.resumesFrom.value = from;
}

/** Resumes from `resumesFrom`. @param epochs the last epoch to train; more than the run had make it longer. */
export async function resumeRun(epochs = runState.run.peek()?.plan.epochs ?? 0): Promise<void> {
  const before = runState.run.peek();
  const from = runState.resumesFrom.peek();
  if (!before || !from || underWay() || runState.isLoading.peek()) return;
  const { layers, classNames, imageShape, history } = before;
  const { stepsPerEpoch } = before.log;
  const { trainSamples, testSamples } = before.plan;
  const plan = { ...before.plan, epochs, cut: false };
  const shown = state.settled.peek();
  const isAsShown = JSON.stringify(shown) === JSON.stringify(before.experiment);
  const experiment = {
    ...before.experiment,
    ...(epochs > before.plan.epochs && { epochs, trainSamples, testSamples }),
  };
  let { learningRate } = from;
  if (isAsShown) {
    // The URL then describes the longer run, and the form shows the learning rate with which it resumes.
    const optimizer = { ...experiment.optimizer, learningRate };
    state.change({
      ...experiment,
      ...(!sameRate(learningRateOf(experiment.optimizer), learningRate) && { optimizer }),
    });
  } else if (shown.optimizer.type === experiment.optimizer.type) learningRate = learningRateOf(shown.optimizer);
  const run = new Run(experiment, plan, layers, classNames, imageShape);
  run.learningRate.value = learningRate;
  run.probeEvery = before.probeEvery;
  const initialEpoch = Math.floor(from.step / stepsPerEpoch);
  const past = upTo(history, from.step, initialEpoch);
  run.addHistory(past, stepsPerEpoch);
  const initialSteps = past.steps.slice(initialEpoch * stepsPerEpoch);
  const rest = { epochs, initialEpoch, initialSteps, initialVerdicts: past.verdicts, learningRate };
  await follow(run, (listener) => training.resumeRun(rest, listener));
}

/** Tracks a run from its start to its end. */
async function follow(run: Run, start: (listener: Listener & ProxyMarked) => Promise<Trained>): Promise<void> {
  runState.run.value = run;
  state.pageError.value = undefined;
  state.status.value = { is: 'starting' };
  const listener: Listener = {
    begun: (bytes) => {
      run.bytes.value = bytes;
      if (run.phase.peek() !== 'starting') return;
      run.phase.value = 'running';
      state.status.value = { is: 'training' };
    },
    events: (events) => tell(run, events),
    paused: () => holds(run),
    lost: () => {
      run.lost.value = { step: run.log.steps.length, isBack: false };
      state.status.value = { is: 'lost', steps: run.stepsDone };
    },
  };
  try {
    const result = await start(proxy(listener));
    run.end(result.partialEpoch);
    state.status.value = outcome(run, result);
    await canResume(run);
  } catch (error) {
    run.hasFailed = true;
    run.end();
    state.status.value = { is: 'failed', steps: run.stepsDone };
    state.pageError.value = error as ErrorParts;
    await canResume(run);
  }
}

/** Called when all steps that were allowed are done. */
export function holds(run: Run): void {
  if (run.phase.peek() === 'stopping') return;
  run.pause();
  state.status.value = { is: 'paused', steps: run.stepsDone, twins: run.twinB !== undefined };
}

function tell(run: Run, events: readonly RunEvent[]): void {
  if (run.lost.peek()?.isBack === false) isBack(run);
  const before = run.log.epochs.length;
  run.add(events);
  const last = run.log.epochs.at(-1);
  if (last && run.log.epochs.length > before && last.epoch < run.plan.epochs) {
    const { epochs } = run.plan;
    state.status.value = { is: 'epoch', epoch: last.epoch, epochs, validated: validationOf(run) };
  }
}

/** Called for the first new step after a lost device: the steps before it are not reported again. */
function isBack(run: Run): void {
  run.lost.value = { ...run.lost.peek()!, isBack: true };
  state.status.value = { is: 'training' };
  // A learning rate that was set since the last checkpoint was lost with the device.
  const rate = run.learningRate.peek();
  if (!sameRate(rate, learningRateOf(run.experiment.optimizer))) training.setLearningRate(rate);
}

const underWay = (): Run | undefined => (runState.run.peek()?.isUnderWay.peek() ? runState.run.peek() : undefined);

/** Ends the run after the current step. */
export function stop(): void {
  const run = underWay();
  if (!run) return;
  run.phase.value = 'stopping';
  state.status.value = { is: 'stopping' };
  training.stop();
}

export function pause(): void {
  const run = underWay();
  const phase = run?.phase.peek();
  if (!run || (phase !== 'running' && phase !== 'starting')) return;
  run.phase.value = 'pausing';
  state.status.value = { is: 'pausing', beforeFirst: phase === 'starting' };
  training.pause();
}

export function resume(): void {
  const run = underWay();
  if (!run) return;
  run.resume();
  state.status.value = { is: 'training', twins: run.twinB !== undefined };
  training.resume();
}

/** Trains one step of the paused run, or of a new one that is then paused. */
export async function step(): Promise<void> {
  const run = underWay();
  if (run?.phase.peek() === 'paused') {
    run.resume();
    await training.step(1);
  } else if (!run) {
    await checkUnderWay();
    if (!(await mayReplace())) return;
    // The worker must receive the run before its first step.
    const ended = train({ paused: true, replaces: true });
    await training.step(1);
    await ended;
  }
}

function outcome(run: Run, { stopped, stoppedEarly, skippedSteps, images }: Trained): Status {
  return {
    is: 'ended',
    steps: run.stepsDone,
    seconds: run.seconds,
    stopped,
    early: stoppedEarly,
    validated: validationOf(run),
    skipped: skippedSteps,
    images,
  };
}

/** The validation result as text; undefined if there is none yet. */
function validationOf(run: Run): string | undefined {
  const { validated } = run;
  const metric = metricWords(run.experiment);
  return validated === undefined ? undefined : `${metric} ${metricText(metric, validated)}`;
}

/** The number of completed steps as text. */
export const stepsOf = ({ stepsDone }: Run): string => counted(stepsDone, 'step');

/** Installs the effects of the experiment and of available data on runs. */
export function installRun(): void {
  // Settings that can be changed during a run are applied to it. Twins keep their initial settings, because all pairs of a report
  // must have the same.
  effect(() => {
    const { optimizer } = state.experiment.value;
    const run = runState.run.value;
    if (!run?.isUnderWay.value || run.twinB || optimizer.type !== run.experiment.optimizer.type) return;
    const rate = learningRateOf(optimizer);
    if (sameRate(run.learningRate.peek(), rate) || !isValidRate(rate)) return;
    run.learningRate.value = rate;
    state.status.value = { is: 'rate', rate: rateWords(rate), step: run.log.steps.length + 1 };
    training.setLearningRate(rate);
  });
}
