import { computed, effect, signal } from '@preact/signals';
import type { Experiment } from '../../app/experiment.ts';
import { learningRateOf, sameRate } from '../../app/learning_rate.ts';
import { layers, plan, refusal, settled } from '../../app/state.ts';
import type { Run } from './run.ts';
import type { From } from './worker.ts';

/** The shown run, running or ended. */
export const run = signal<Run | undefined>();

/** The point at which the shown run can resume once it has ended: its end, or the last epoch before its device was lost. */
export const resumesFrom = signal<From | undefined>();

/** A run is being loaded from a file and will replace the current one: nothing else may start in the meantime. */
export const isLoading = signal(false);

/** A run has been started but is not shown yet. Notes about the run before it no longer apply. */
export const isStarting = signal(false);

const names: Partial<Record<keyof Experiment, string>> = {
  dataset: 'the data set',
  clean: 'what is left out of it',
  imageSize: 'the size of pictures',
  labels: 'the labels',
  stretch: 'the stretched values',
  augmentation: 'the augmentation',
  model: 'the model',
  optimizer: 'the optimizer',
  loss: 'the loss',
  batchSize: 'the batch size',
  accumulationSteps: 'the batches per step',
  memoryBudget: 'the GPU memory',
  activationStorage: 'the storage of activations',
  lossScale: 'the loss scale',
  seed: 'the seed',
  health: 'the probes',
  metrics: 'the metrics',
  fit: 'validation and early stopping',
  epochs: 'the epochs',
  trainSamples: 'the training images',
  testSamples: 'the validation images',
  twin: 'twin B',
};

/**
 * Changes since the shown run began, which apply to the next one. The learning rate applies to the current run and when it is
 * resumed, but not to twins.
 */
export const waitingChanges = computed<string[]>(() => {
  const shown = run.value;
  if (!shown || !(shown.isUnderWay.value || shown.log.steps.length)) return [];
  const rates = [shown.experiment, settled.value].map(({ optimizer }) => learningRateOf(optimizer));
  const isOtherRate = shown.twinB && !sameRate(rates[0]!, rates[1]!);
  const [before, now] = [shown.experiment, settled.value].map((it) => ({
    ...it,
    optimizer: { ...it.optimizer, learningRate: 0 },
  })) as [Experiment, Experiment];
  const fields = Object.keys(names) as (keyof Experiment)[];
  const others = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(now[field]));
  return [...others.map((field) => names[field]!), ...(isOtherRate ? ['the learning rate'] : [])];
});

/** Whether Train can be pressed: everything is loaded and valid, and nothing is running. */
export const isReady = computed(() =>
  Boolean(plan.value && layers.value.summary && !refusal.value && !run.value?.isUnderWay.value && !isLoading.value),
);

/** Updates the state when the run or its events change. */
export function installRunState(): void {
  effect(() => {
    void run.value; // unknown for the new run
    resumesFrom.value = undefined;
    isStarting.value = false;
  });
  const title = document.title;
  effect(() => {
    const shown = run.value;
    const isUnderWay = shown?.isUnderWay.value && shown.events.value > 0;
    document.title = isUnderWay ? `${Math.floor(100 * shown.done)} % · ${title}` : title;
  });
}
