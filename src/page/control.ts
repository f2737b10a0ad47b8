import { effect } from '@preact/signals';
import { type ProxyMarked, proxy } from 'comlink';
import type { DatasetFacts } from '../data/served.ts';
import type { ErrorParts } from '../errors.ts';
import { clock, count, figure, fixed } from '../figures.ts';
import type { Model } from '../index.ts';
import type { Told } from '../train/news.ts';
import type { Plan } from '../train/run_length.ts';
import { checkUnderWay } from './augmentation_check.ts';
import { augmentationOf, type Experiment, learningRateOf, modelOf } from './experiment.ts';
import { Run, toldOf } from './run.ts';
import * as state from './state.ts';
import type { Listener, Trained, TrainRequest } from './worker/session.ts';
import { thread, training } from './worker/training.ts';

/** What a person can do to a run, and how the page opens: the only writer of what the panels read. */

export const datasetNames: Record<string, string> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
  digits: 'Digits',
  own: 'Your own images',
};

const nameOf = (name: string) => datasetNames[name] ?? name;

/** Opens the GPU, then the data set, and keeps to the one that is chosen from then on. */
export async function open(): Promise<void> {
  thread.addEventListener('error', ({ message }) => {
    state.run.value?.end();
    state.trouble.value = {
      what: 'The thread that trains has failed',
      found: message || 'no message from the browser',
      fix: 'load this page again',
    };
  });
  try {
    if (!navigator.gpu) throw { what: 'This browser has no WebGPU' } satisfies ErrorParts;
    state.adapter.value = await training.open();
  } catch (error) {
    state.noGpu.value = error as ErrorParts;
    return;
  }
  // A change of anything else than the data set doesn't look for it again.
  let asked = '';
  effect(() => {
    const { dataset } = state.experiment.value;
    if (dataset === asked) return;
    asked = dataset;
    find(dataset);
  });
}

/** After what the data set's name stands for has changed. */
export const lookAgain = (): Promise<void> => find(state.experiment.peek().dataset);

/** Finds out what there is to train. What needs no server stands in for a default that can't be had. */
async function find(name: string): Promise<void> {
  const isStillAsked = () => state.experiment.peek().dataset === name;
  state.dataset.value = { name };
  state.status.value = `Looking for ${nameOf(name)}…`;
  try {
    const facts = await training.facts(name);
    if (!isStillAsked()) return;
    state.dataset.value = { name, facts };
    if (!state.status.peek().includes("can't be had")) state.status.value = 'Ready.';
    const overview = await training.overview(name);
    if (isStillAsked()) state.dataset.value = { name, facts, overview };
  } catch (error) {
    if (!isStillAsked()) return;
    if (!state.datasetIsChosen.peek() && name !== 'digits') {
      state.experiment.value = { ...state.experiment.peek(), dataset: 'digits' };
      state.status.value = `${nameOf(name)} can't be had from this server. Digits are in the page.`;
      return;
    }
    state.status.value = '';
    state.trouble.value = error as ErrorParts;
  }
}

/** An experiment as the worker takes it. @param inputShape of the model: what the augmentation gives. */
export function requestOf(
  experiment: Experiment,
  inputShape: Model['inputShape'],
  facts: DatasetFacts,
  plan: Plan,
): Omit<TrainRequest, 'paused'> {
  const { dataset, optimizer, batchSize, seed, health } = experiment;
  const { epochs, trainSamples, testSamples } = plan;
  return {
    dataset,
    model: modelOf(experiment, inputShape, facts.classNames.length),
    augmentation: augmentationOf(experiment),
    optimizer,
    batchSize,
    seed,
    health,
    epochs,
    trainSamples,
    testSamples,
  };
}

/** Trains the experiment as it stands, until it is done or stopped. @param options `paused` waits for `step` or `resume`. */
export async function train({ paused = false } = {}): Promise<void> {
  // Behind a change that was made a moment ago.
  const isUnderWay = checkUnderWay();
  if (isUnderWay) await isUnderWay;
  const experiment = state.experiment.peek();
  const plan = state.plan.peek();
  const { facts } = state.dataset.peek();
  const { summary } = state.layers.peek();
  const { shape } = state.checked.peek() ?? {};
  if (!plan || !facts || !summary || !shape || !state.isReady.peek()) return;
  const run = new Run(experiment, plan, summary, facts.classNames, facts.imageShape);
  const request = {
    ...requestOf(experiment, shape, facts, plan),
    ...(run.probeEvery && { probeEvery: run.probeEvery }),
  };
  await follow(run, (listener) => training.train({ ...request, paused }, listener));
}

/** Trains what is left of a run whose device was lost, from the end of its last epoch on. */
export async function goOn(): Promise<void> {
  const before = state.run.peek();
  const last = state.canGoOnFrom.peek();
  if (!before || last === undefined || underWay()) return;
  const { experiment, plan, layers, classNames, imageShape, log } = before;
  const run = new Run(experiment, plan, layers, classNames, imageShape);
  const upTo = <T extends { epoch: number }>(records: readonly T[]) => records.filter(({ epoch }) => epoch <= last);
  run.add(toldOf(upTo(log.steps), upTo(log.epochs), log.stepsPerEpoch));
  run.add(upTo(log.verdicts).map((verdict) => ({ verdict })));
  await follow(run, (listener) => training.goOn(listener));
}

/** Shows a run from its start to its end. */
async function follow(run: Run, start: (listener: Listener & ProxyMarked) => Promise<Trained>): Promise<void> {
  state.run.value = run;
  state.trouble.value = undefined;
  state.canGoOnFrom.value = undefined;
  state.status.value = 'Fetching the images, compiling the shaders…';
  const listener: Listener = {
    begun: (bytes) => {
      run.bytes.value = bytes;
      if (run.phase.peek() !== 'starting') return;
      run.phase.value = 'running';
      state.status.value = 'Training.';
    },
    news: (news) => tell(run, news),
    paused: () => holds(run),
  };
  try {
    const result = await start(proxy(listener));
    run.end(result.leftBehind);
    state.status.value = outcome(run, result);
  } catch (error) {
    run.end();
    state.status.value = `The run ended with an error after ${stepsOf(run)}.`;
    state.trouble.value = error as ErrorParts;
    const last = await training.lastEpoch();
    if (state.run.peek() === run) state.canGoOnFrom.value = last;
  }
}

/** All steps that were let through are done. */
export function holds(run: Run): void {
  if (run.phase.peek() === 'stopping') return;
  run.pause();
  state.status.value = `Paused after ${stepsOf(run)}${run.beside ? ' of both' : ''}.`;
}

function tell(run: Run, news: readonly Told[]): void {
  const before = run.log.epochs.length;
  run.add(news);
  const last = run.log.epochs.at(-1);
  if (last && run.log.epochs.length > before && last.epoch < run.plan.epochs) {
    const accuracy = fixed(last.validationAccuracy);
    state.status.value = `Epoch ${last.epoch} of ${run.plan.epochs}: validation accuracy ${accuracy}.`;
  }
}

const underWay = (): Run | undefined => (state.run.peek()?.isUnderWay.peek() ? state.run.peek() : undefined);

/** Ends the run after the step that it is in. */
export function stop(): void {
  const run = underWay();
  if (!run) return;
  run.phase.value = 'stopping';
  state.status.value = 'Stopping after this step…';
  training.stop();
}

export function pause(): void {
  const run = underWay();
  if (run?.phase.peek() !== 'running') return;
  run.phase.value = 'pausing';
  state.status.value = 'Pausing after this step…';
  training.pause();
}

export function resume(): void {
  const run = underWay();
  if (!run) return;
  run.resume();
  state.status.value = run.beside ? 'Training both.' : 'Training.';
  training.resume();
}

/** One step, of the run that is paused, or of a new one that then waits. */
export async function step(): Promise<void> {
  const run = underWay();
  if (run?.phase.peek() === 'paused') {
    run.resume();
    await training.step(1);
  } else if (!run) {
    await checkUnderWay();
    const ended = train({ paused: true });
    await training.step(1);
    await ended;
  }
}

// What can be changed in a run under way, is. Twins keep to what they began with: pairs that are told of together are alike.
effect(() => {
  const { optimizer } = state.experiment.value;
  const run = state.run.value;
  if (!run?.isUnderWay.value || run.beside || optimizer.type !== run.experiment.optimizer.type) return;
  const rate = learningRateOf(optimizer);
  if (run.learningRate.peek() === rate || !(rate >= 0)) return;
  run.learningRate.value = rate;
  state.status.value = `Learning rate ${figure(rate)} from step ${count(run.log.steps.length + 1)} on, or a few later.`;
  training.setLearningRate(rate);
});

function outcome(run: Run, { stopped, skippedSteps, leftBehind }: Trained): string {
  const accuracy = leftBehind?.accuracy ?? run.log.epochs.at(-1)?.validationAccuracy;
  const parts = [stopped ? `Stopped after ${stepsOf(run)}.` : `Done in ${clock(run.seconds)}.`];
  if (accuracy !== undefined) parts.push(`Validation accuracy ${fixed(accuracy)}.`);
  if (skippedSteps) parts.push(`${count(skippedSteps)} steps with numbers that are not finite were skipped.`);
  return parts.join(' ');
}

const stepsOf = ({ stepsDone }: Run) => (stepsDone === 1 ? '1 step' : `${count(stepsDone)} steps`);
