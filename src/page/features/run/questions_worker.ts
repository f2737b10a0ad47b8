import { createDataset, type Dataset, type LayerOutput } from '../../../index.ts';
import { pixelsAt } from '../../app/worker/pixels_at.ts';
import { current, type Session } from './worker.ts';

/** An image of a data set. */
export interface ImageOf {
  pixels: Uint8Array<ArrayBuffer>;
  label: number;
  /** Numbers instead of a class. */
  values?: number[];
}

/** Asks the current network. Undefined if another one has replaced it before the answer. */
export async function ofCurrent<T>(ask: (session: Session) => Promise<T | undefined>): Promise<T | undefined> {
  const session = current();
  try {
    return session && (await ask(session));
  } catch (error) {
    if (current() !== session) return undefined;
    throw error;
  }
}

/** The network's prediction for an image, and the output of each layer. */
export interface Answer {
  /** The model's outputs: a probability for each class or label, or numbers. */
  probabilities: Float32Array;
  outputs: LayerOutput[];
}

/** @param pixels bytes of an image as in the data set, [height, width, channels]. Undefined before the first run. */
export const ask = (pixels: Uint8Array): Promise<Answer | undefined> =>
  ofCurrent(async (session) => {
    const outputs = await session.trainer.meanwhile.activations(datasetOf(session, pixels));
    return { probabilities: outputs.at(-1)!.values, outputs };
  });

/** A data set of one image, whose label is ignored. */
export function datasetOf({ trainer, imageShape, classNames }: Session, pixels: Uint8Array): Dataset {
  const { layers, output } = trainer.model;
  const labels =
    classNames.length > 0
      ? { labels: [0], classNames }
      : { targets: new Float32Array(layers[output]!.outputShape[0]!) };
  return createDataset({ images: pixels, imageShape, ...labels });
}

/** A part of a run's images. */
export type PartOfRun = 'training' | 'test';

/** An original image of the run; undefined if it is unavailable. */
export async function imageOf(part: PartOfRun, index: number): Promise<ImageOf | undefined> {
  const dataset = current()?.[part];
  return dataset && index < dataset.count ? imageAt(dataset, index) : undefined;
}

export async function imageAt(dataset: Dataset, index: number): Promise<ImageOf> {
  const { labels, targets, targetNames } = dataset;
  const outputs = targetNames?.length ?? 0;
  return {
    pixels: await pixelsAt(dataset, [index]),
    label: labels[index]!,
    ...(targets && { values: [...targets.subarray(index * outputs, (index + 1) * outputs)] }),
  };
}
