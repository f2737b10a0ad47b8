import { transfer } from 'comlink';
import {
  DataError,
  type Evaluation,
  fingerprint,
  formatRun,
  parseRun,
  type SavedRun,
  type TrainAndTest,
  takeFirst,
} from '../../../index.ts';
import { openSavedRun, requestOf } from '../../../session/open_saved_run.ts';
import { runToSave } from '../../../session/saved_run.ts';
import { bytesOnGpu, type GpuBytes } from '../../../session/training_run.ts';
import { load } from '../../app/worker/datasets.ts';
import { device } from '../../app/worker/device.ts';
import { adopt, current, dataOf } from './worker.ts';

/**
 * Saves the current network's run as a file.
 *
 * @param historyOf returns the events of the run up to a step.
 */
export async function save(
  historyOf: (step: number) => SavedRun['history'] | Promise<SavedRun['history']>,
): Promise<Uint8Array<ArrayBuffer>> {
  const run = current();
  if (!run) throw new DataError({ what: 'There is no run to save', fix: 'train first' });
  const { paused, ...request } = run.request;
  const about = runToSave(request, run, await dataOf(run));
  const snapshot = await run.trainer.meanwhile.snapshot();
  await run.run?.eventsDelivered();
  const history = await historyOf(snapshot.progress.step);
  const file = formatRun({ ...about, history, snapshot });
  return transfer(file, [file.buffer]);
}

/** A saved run without its weights, which are in the network that was created from them. */
export interface Loaded extends Omit<SavedRun, 'snapshot'> {
  /** Whether the images that it was trained on are available. */
  hasImages: boolean;
  /** Evaluation if it was saved in the middle of an epoch and its images are available. */
  partialEpoch?: Evaluation;
  /** GPU memory of its network. */
  bytes: GpuBytes;
}

/**
 * Replaces the current run by a saved one.
 *
 * @param name of the file, for errors.
 */
export async function loadRun(file: Uint8Array, name: string): Promise<Loaded> {
  const { snapshot, ...saved } = parseRun(file, name);
  const { name: of, imageShape, classNames, targetNames, trainSamples, testSamples, clean = [], data } = saved.dataset;
  const trainer = await openSavedRun(await device(), { ...saved, snapshot }, name);
  // A network can predict without its training images; only the results on them are then left out.
  const whole = await load({ dataset: of, clean }).catch(() => undefined);
  // The page validates every run, so a run that was trained without validation is shown, but cannot be resumed.
  const images = testSamples > 0 ? whole && firstOf(whole, trainSamples, testSamples) : undefined;
  const fits = images?.train.imageShape.join() === imageShape.join() && (!data || data === (await fingerprint(images)));
  const test = fits ? images.test : undefined;
  adopt(
    {
      request: { ...requestOf(saved), paused: false },
      trainer,
      imageShape,
      classNames,
      ...(targetNames && { targetNames }),
      ...(fits ? { training: images.train, test: images.test } : data && { data }),
    },
    snapshot,
  );
  const { steps, epochs: finished } = saved.history;
  const midEpoch = (steps.at(-1)?.epoch ?? 0) > finished.length;
  return {
    ...saved,
    hasImages: fits,
    bytes: bytesOnGpu(trainer, []),
    ...(test && midEpoch && { partialEpoch: await trainer.evaluate(test) }),
  };
}

const firstOf = ({ train, test }: TrainAndTest, trainSamples: number, testSamples: number): TrainAndTest => ({
  train: takeFirst(train, trainSamples),
  test: takeFirst(test, testSamples),
});
