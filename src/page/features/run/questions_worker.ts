import { createDataset, type Dataset, type LayerOutput } from '../../../index.ts';
import { pixelsAt } from '../../app/worker/pixels_at.ts';
import { current, type Session } from './worker.ts';

/** One image as it lies in a data set. */
export interface ImageOf {
  pixels: Uint8Array<ArrayBuffer>;
  label: number;
  /** In place of a class. */
  values?: number[];
}

/** Asks the network that is there. Undefined where another one has taken its place before it could answer. */
export async function ofCurrent<T>(ask: (session: Session) => Promise<T | undefined>): Promise<T | undefined> {
  const session = current();
  try {
    return session && (await ask(session));
  } catch (error) {
    if (current() !== session) return undefined;
    throw error;
  }
}

/** What the network says of one image, and what each layer made of it on the way there. */
export interface Answer {
  /** The model's outputs: a probability a class, or a label, or numbers. */
  probabilities: Float32Array;
  outputs: LayerOutput[];
}

/** @param pixels bytes of an image as the data set has them, [height, width, channels]. Undefined before the first run. */
export const ask = (pixels: Uint8Array): Promise<Answer | undefined> =>
  ofCurrent(async (session) => {
    const outputs = await session.trainer.meanwhile.activations(datasetOf(session, pixels));
    return { probabilities: outputs.at(-1)!.values, outputs };
  });

/** A data set of one image; its label is of no account. */
export function datasetOf({ trainer, imageShape, classNames }: Session, pixels: Uint8Array): Dataset {
  const { layers, output } = trainer.model;
  const labels =
    classNames.length > 0
      ? { labels: [0], classNames }
      : { targets: new Float32Array(layers[output]!.outputShape[0]!) };
  return createDataset({ images: pixels, imageShape, ...labels });
}

/** A part of the images of a run. */
export type PartOfRun = 'training' | 'test';

/** One of the images of the run, as it is; undefined where they are not to be had. */
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
