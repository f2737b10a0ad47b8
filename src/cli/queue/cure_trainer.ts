import * as v from 'valibot';
import { number, parse } from '../../check.ts';
import { requireTrainable } from '../../compare/cures.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import type { TrainerOptions } from '../../index.ts';
import { stepSamples } from '../../plan/settings.ts';
import type { CureChrome } from '../cure_chrome.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { kindOf } from '../sweep/trial_chrome.ts';
import { imagesOf, requireNoCode, type SharedOrder, sharedEntries, trainerSchema } from './shared_order.ts';
import { requireIdOf, type TaskHooks, type TaskOutcome } from './tasks.ts';
import type { Task } from './work.ts';

/** A job of a test of cures: a network's options as JSON, and a seed. */
export interface CureTask extends SharedOrder {
  network: string;
  cure: string;
  options: TrainerOptions;
  /** The loss at chance level; null if the loss has none. */
  chance: number | null;
}

const orderSchema = v.strictObject({
  ...sharedEntries,
  network: v.string(),
  cure: v.string(),
  options: trainerSchema,
  chance: v.nullable(number(-Infinity)),
});

/** Trains a run of a test of cures. It stores no states, so a run that is taken over starts again. */
export async function trainCureTask(
  chrome: CureChrome,
  task: Task,
  read: ReadImages,
  { progress, log }: TaskHooks,
): Promise<TaskOutcome> {
  requireIdOf(task);
  const order = parse(orderSchema, task.order, 'The job') as CureTask;
  const { network, cure, options, epochs, seed, chance } = order;
  requireNoCode(options);
  const datasets = await imagesOf(order, read);
  requireTrainable(options, datasets);
  const begun = performance.now();
  const steps =
    epochs * Math.ceil(order.trainSamples / stepSamples({ ...options, batchSize: options.batchSize ?? 32 }));
  const run = await chrome.train(
    { network, cure, options, datasets, epochs, seed, chance: chance ?? undefined },
    ({ parts }) => log([`lost     ${parts.what}: Chrome is restarted, and the run starts over`]),
    (step) => progress(step / steps),
  );
  if (!run) return {};
  const seconds = Number(((performance.now() - begun) / 1000).toFixed(2));
  const { adapter } = chrome;
  return {
    result: {
      ...{ id: task.id, status: 'done', seconds, record: run },
      ...{ adapter: describeAdapter(adapter), kind: kindOf(adapter) },
    },
  };
}
