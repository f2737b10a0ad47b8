import * as v from 'valibot';
import { parse } from '../../check.ts';
import type { PairState } from '../../compare/pair_options.ts';
import { requireTwins, type TwinOptions } from '../../compare/twin_options.ts';
import { variables } from '../../compare/variables.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import type { FitSettings } from '../../index.ts';
import { packNumbers } from '../../json_numbers.ts';
import { type PackedSnapshot, packSnapshot, unpackSnapshot } from '../packed_snapshot.ts';
import type { PairChrome } from '../pair_chrome.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { kindOf } from '../sweep/trial_chrome.ts';
import { imagesOf, requireNoCode, type SharedOrder, sharedEntries, trainerSchema } from './shared_order.ts';
import { requireIdOf, type TaskHooks, type TaskOutcome } from './tasks.ts';
import type { Task } from './work.ts';

/** A job of a comparison: two trainers' options as JSON, and a seed. */
export interface PairTask extends SharedOrder, TwinOptions {}

const orderSchema = v.strictObject({
  ...sharedEntries,
  vary: v.picklist(variables),
  a: trainerSchema,
  b: trainerSchema,
  fit: v.optional(v.custom<FitSettings>((value) => typeof value === 'object' && value !== null)),
});

/**
 * Checks a job of a comparison as `compare` checks its options.
 *
 * @throws ConfigurationError for invalid options.
 * @throws UnfitError if the images are missing on this machine, or differ.
 */
async function checkPairTask(task: Task, read: ReadImages) {
  requireIdOf(task);
  const order = parse(orderSchema, task.order, 'The job') as PairTask;
  const { vary, a, b, fit } = order;
  requireNoCode([a, b]);
  const datasets = await imagesOf(order, read);
  const twins = { vary, a, b, ...(fit && { fit }) };
  requireTwins(twins, datasets);
  return { order, twins, datasets };
}

/** Trains a pair of a comparison. */
export async function trainPairTask(
  chrome: PairChrome,
  task: Task,
  read: ReadImages,
  { from, keep, progress, log }: TaskHooks,
): Promise<TaskOutcome> {
  const { order, twins, datasets } = await checkPairTask(task, read);
  const { seed, epochs } = order;
  const begun = performance.now();
  await chrome.prepare(twins, datasets);
  let newest: PairState | undefined = from && stateIn(from);
  const pair = await chrome.train(
    { seed, epochs },
    {
      ...(newest && { from: newest }),
      keep: (state) => {
        newest = state;
        keep(() => bytesOf(state));
      },
      tell: (events) => {
        const last = events.at(-1);
        if (last) progress(last.step / last.steps);
      },
      lost: ({ parts }) => log([`lost     ${parts.what}: Chrome is restarted, and the pair continues`]),
    },
  );
  if (!pair) return newest ? { state: () => bytesOf(newest!) } : {};
  const seconds = Number(((performance.now() - begun) / 1000).toFixed(2));
  const { adapter } = chrome;
  return {
    result: {
      ...{ id: task.id, status: 'done', seconds, record: packNumbers(pair) },
      ...{ adapter: describeAdapter(adapter), kind: kindOf(adapter) },
    },
  };
}

const bytesOf = (state: PairState): Uint8Array => Buffer.from(JSON.stringify(packSnapshot(state)));

/** A damaged state is ignored, so that the pair starts again. */
function stateIn(bytes: Uint8Array): PairState | undefined {
  try {
    return unpackSnapshot<PairState>(JSON.parse(Buffer.from(bytes).toString()) as PackedSnapshot);
  } catch {
    return undefined;
  }
}
