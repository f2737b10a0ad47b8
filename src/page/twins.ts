import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { ErrorParts } from '../errors.ts';
import { count } from '../figures.ts';
import { adam, modelSummary, sgd } from '../index.ts';
import type { Variable } from '../train/twin_options.ts';
import { requestOf } from './control.ts';
import { type Experiment, learningRateOf } from './experiment.ts';
import { Run } from './run.ts';
import * as state from './state.ts';
import type { Beside, ToldBeside } from './worker/beside.ts';
import { training } from './worker/training.ts';

/** Two networks from the same start that differ in one thing, and what came of it. */

/** What twin B has in place of the experiment's own: the name of a preset or an optimizer, or a learning rate. */
export interface Change {
  vary: Variable;
  to: string;
}

/** The last comparison that was finished. */
export const comparison = signal<{ change: Change; result: Beside } | undefined>();

/** The experiment with one thing changed. */
export function changed(experiment: Experiment, { vary, to }: Change): Experiment {
  const { optimizer } = experiment;
  switch (vary) {
    case 'augmentation':
      return { ...experiment, augmentation: to };
    case 'model':
      return { ...experiment, model: to };
    case 'optimizer':
      return { ...experiment, optimizer: to === 'sgd' ? sgd() : adam() };
    case 'learning-rate':
      return { ...experiment, optimizer: { ...optimizer, learningRate: Number(to) } };
  }
}

/** What an experiment has of a variable, in words. */
export function nameOf(experiment: Experiment, vary: Variable): string {
  const { augmentation, model, optimizer } = experiment;
  if (vary === 'learning-rate') return String(learningRateOf(optimizer));
  const value = { augmentation, model, optimizer: optimizer.type }[vary];
  return typeof value === 'string' ? value : 'its own';
}

/** Trains the experiment as it stands, and another like it but for one thing, step by step together. */
export async function trainBeside(change: Change, pairs: number): Promise<void> {
  const a = state.experiment.peek();
  const b = changed(a, change);
  const plan = state.plan.peek();
  const { facts } = state.dataset.peek();
  if (!plan || !facts || !state.isReady.peek()) return;
  const [ofA, ofB] = [a, b].map((it) => ({ ...requestOf(it, facts, plan), paused: false })) as [Request, Request];
  const make = (experiment: Experiment, { model }: Request) =>
    new Run(experiment, plan, modelSummary(model), facts.classNames, facts.imageShape);
  const begin = () => {
    const run = make(a, ofA);
    run.beside = make(b, ofB);
    state.run.value = run;
    return run;
  };
  state.trouble.value = undefined;
  comparison.value = undefined;
  state.status.value = 'Fetching the images, compiling the shaders…';
  let run: Run | undefined;
  try {
    run = begin();
    const tell = (news: readonly ToldBeside[]) => {
      for (const item of news) {
        if ('pair' in item) {
          if (item.pair > 0) {
            run?.end();
            run = begin();
          }
          run!.phase.value = 'running';
          state.status.value = pairs > 1 ? `Training pair ${item.pair + 1} of ${pairs}.` : 'Training two side by side.';
        } else (item.twin === 'a' ? run : run?.beside)?.add([item.told]);
      }
    };
    const named = { a: nameOf(a, change.vary), b: nameOf(b, change.vary) };
    const request = { vary: change.vary, a: ofA, b: ofB, named, pairs };
    const result = await training.trainBeside(request, proxy(tell));
    run.end();
    if (result) comparison.value = { change, result };
    const steps = count(run.log.steps.length);
    state.status.value = result
      ? `Compared: ${result.pairs === 1 ? 'one pair' : `${result.pairs} pairs`}.`
      : `Stopped after ${steps} steps.`;
  } catch (error) {
    run?.end();
    state.status.value = 'The twins ended with an error.';
    state.trouble.value = error as ErrorParts;
  }
}

type Request = Parameters<typeof training.trainBeside>[0]['a'];
