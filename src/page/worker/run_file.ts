import { transfer } from 'comlink';
import { createTrainer, DataError, formatRun, parseRun, type SavedRun, takeFirst } from '../../index.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';
import { augmentedShape } from './preview.ts';
import { adopt, current } from './session.ts';

/** The run of this network as a file. @param history as the page has it. */
export async function save(history: SavedRun['history']): Promise<Uint8Array<ArrayBuffer>> {
  const run = current();
  if (!run) throw new DataError({ what: 'There is no run to save', fix: 'train first' });
  const { dataset, epochs, trainSamples, testSamples, paused: _, ...options } = run.request;
  const { imageShape, classNames } = run;
  const file = formatRun({
    options,
    dataset: { name: dataset, imageShape, classNames, trainSamples, testSamples },
    epochs,
    history,
    snapshot: await run.trainer.meanwhile.snapshot(),
  });
  return transfer(file, [file.buffer]);
}

/** A run that was saved, but for its weights: they are in its network, which can be asked now. */
export type Loaded = Omit<SavedRun, 'snapshot'>;

/**
 * Takes a saved run in place of the one that is there.
 *
 * @param name of the file, for errors.
 */
export async function loadRun(file: Uint8Array, name: string): Promise<Loaded> {
  const { snapshot, ...saved } = parseRun(file, name);
  const { options, dataset, epochs } = saved;
  const { name: of, imageShape, classNames, trainSamples, testSamples } = dataset;
  const shape = await augmentedShape(options.augmentation ?? {}, imageShape);
  if (options.model.inputShape.join() !== shape.join()) {
    throw new DataError({
      what: `The model in ${name} is not for its images`,
      found: options.model.inputShape,
      wanted: shape.join(' x '),
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
  const datasets = await load(of).catch(() => undefined);
  const fits = datasets && datasets.train.imageShape.join() === imageShape.join();
  adopt({
    request: { ...required(options), dataset: of, epochs, trainSamples, testSamples, paused: false },
    trainer,
    imageShape,
    classNames,
    ...(fits && { training: takeFirst(datasets.train, trainSamples), test: takeFirst(datasets.test, testSamples) }),
  });
  return saved;
}

/** The page saves every option of a run; a file of another hand may leave some at their defaults. */
function required({ model, augmentation, optimizer, batchSize, seed, health }: SavedRun['options']) {
  return {
    model,
    augmentation: augmentation ?? {},
    optimizer: optimizer ?? ('adam' as const),
    batchSize: batchSize ?? 32,
    seed: seed ?? 0,
    health: health ?? ('norms' as const),
  };
}
