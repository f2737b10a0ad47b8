import { computed, effect, signal } from '@preact/signals';
import { type Experiment, learningRateOf, sameRate } from '../../app/experiment.ts';
import { layers, plan, refusal, settled } from '../../app/state.ts';
import type { Run } from './run.ts';
import type { From } from './worker.ts';

/** The run that is shown, under way or over. */
export const run = signal<Run | undefined>();

/** Where the run that is shown can resume once it is over: at its end, or after the last epoch before its device was lost. */
export const resumesFrom = signal<From | undefined>();

/** A run is being read from a file, and is about to take the place of the one that is there: nothing else begins meanwhile. */
export const isLoading = signal(false);

const names: Partial<Record<keyof Experiment, string>> = {
  dataset: 'the data set',
  clean: 'what is left out of it',
  augmentation: 'the augmentation',
  model: 'the model',
  optimizer: 'the optimizer',
  loss: 'the loss',
  batchSize: 'the batch size',
  accumulationSteps: 'the batches of a step',
  memoryBudget: 'the GPU memory',
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
 * What has been changed since the run that is shown began, and is for the next one; the learning rate is for this one, or for
 * what it goes on with, but not of twins.
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

/** Whether Train can be pressed: everything is known and fits, and nothing is under way. */
export const isReady = computed(() =>
  Boolean(plan.value && layers.value.summary && !refusal.value && !run.value?.isUnderWay.value && !isLoading.value),
);

/** What follows from another run, or its events. */
export function installRunState(): void {
  effect(() => {
    void run.value; // of another one it isn't known yet
    resumesFrom.value = undefined;
  });
  const title = document.title;
  effect(() => {
    const shown = run.value;
    const isUnderWay = shown?.isUnderWay.value && shown.events.value > 0;
    document.title = isUnderWay ? `${Math.floor(100 * shown.done)} % · ${title}` : title;
  });
}
