import { transfer } from 'comlink';
import {
  createTrainer,
  DataError,
  type Evaluation,
  fingerprint,
  formatRun,
  parseRun,
  type SavedRun,
  type TrainAndTest,
  takeFirst,
} from '../../index.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';
import { augmentedShape } from './preview.ts';
import { adopt, bytesOnGpu, current, dataOf, type GpuBytes } from './session.ts';

/**
 * The run of this network as a file.
 *
 * @param historyOf gives what the page was told up to a step.
 */
export async function save(
  historyOf: (step: number) => SavedRun['history'] | Promise<SavedRun['history']>,
): Promise<Uint8Array<ArrayBuffer>> {
  const run = current();
  if (!run) throw new DataError({ what: 'There is no run to save', fix: 'train first' });
  const { dataset, clean, epochs, trainSamples, testSamples, paused: _, ...options } = run.request;
  const { imageShape, classNames } = run;
  const data = await dataOf(run);
  const snapshot = await run.trainer.meanwhile.snapshot();
  await run.events?.sent();
  const history = await historyOf(snapshot.progress.step);
  const file = formatRun({
    options,
    dataset: {
      name: dataset,
      imageShape,
      classNames,
      trainSamples,
      testSamples,
      clean: [...clean],
      ...(data && { data }),
    },
    epochs,
    history,
    snapshot,
  });
  return transfer(file, [file.buffer]);
}

/** A run that was saved, but for its weights: they are in its network, which can be asked now. */
export interface Loaded extends Omit<SavedRun, 'snapshot'> {
  /** Whether those that it was trained on are to be had. */
  hasImages: boolean;
  /** Where it was saved in the middle of an epoch, and its images are to be had. */
  leftBehind?: Evaluation;
  /** Of its network, on the GPU. */
  bytes: GpuBytes;
}

/**
 * Takes a saved run in place of the one that is there.
 *
 * @param name of the file, for errors.
 */
export async function loadRun(file: Uint8Array, name: string): Promise<Loaded> {
  const { snapshot, ...saved } = parseRun(file, name);
  const { options, dataset, epochs } = saved;
  const { name: of, imageShape, classNames, trainSamples, testSamples, clean = [], data } = dataset;
  const shape = await augmentedShape(options.augmentation ?? {}, imageShape);
  if (options.model.inputShape.join() !== shape.join()) {
    throw new DataError({
      what: `The model in ${name} is not for its images`,
      found: options.model.inputShape,
      expected: shape.join(' x '),
    });
  }
  const trainer = createTrainer(await device(), options);
  try {
    await trainer.restore(snapshot);
  } catch (error) {
    trainer.dispose();
    throw error;
  }
  // A network can be asked without the images that made it: what it says of them is then left out.
  const whole = await load({ dataset: of, clean }).catch(() => undefined);
  // The page validates every run. One that was trained without that is shown, and not resumed.
  const images = testSamples > 0 ? whole && firstOf(whole, trainSamples, testSamples) : undefined;
  const fits = images?.train.imageShape.join() === imageShape.join() && (!data || data === (await fingerprint(images)));
  const test = fits ? images.test : undefined;
  adopt(
    {
      request: { ...required(options), dataset: of, clean, epochs, trainSamples, testSamples, paused: false },
      trainer,
      imageShape,
      classNames,
      ...(fits ? { training: images.train, test: images.test } : data && { data }),
    },
    snapshot,
  );
  const { steps, epochs: finished } = saved.history;
  const amidst = (steps.at(-1)?.epoch ?? 0) > finished.length;
  return {
    ...saved,
    hasImages: fits,
    bytes: bytesOnGpu(trainer, []),
    ...(test && amidst && { leftBehind: await trainer.evaluate(test) }),
  };
}

const firstOf = ({ train, test }: TrainAndTest, trainSamples: number, testSamples: number): TrainAndTest => ({
  train: takeFirst(train, trainSamples),
  test: takeFirst(test, testSamples),
});

/** The page saves every option of a run; a file of another hand may leave some at their defaults. */
function required({ augmentation, optimizer, batchSize, seed, ...options }: SavedRun['options']) {
  return {
    ...options,
    augmentation: augmentation ?? {},
    optimizer: optimizer ?? ('adam' as const),
    batchSize: batchSize ?? 32,
    seed: seed ?? 0,
  };
}
