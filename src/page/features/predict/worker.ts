import { transfer } from 'comlink';
import type { Saliency } from '../../../index.ts';
import { preparePictures } from '../../../train/picture_input.ts';
import { load } from '../../app/worker/datasets.ts';
import { pixelsAt } from '../../app/worker/pixels_at.ts';
import { datasetOf, ofCurrent } from '../run/questions_worker.ts';
import { type Ink, inkOf, spread } from './ink.ts';

/** Paper and ink of the run's training images; undefined if they are unavailable or in color. */
export const inkOfRun = (): Promise<Ink | undefined> =>
  ofCurrent(async ({ request, training, imageShape }) => {
    // The images of a run from a file may have been added since it was opened.
    const dataset = training ?? (await load(request).catch(() => undefined))?.train;
    if (imageShape[2] !== 1 || dataset?.imageShape.join() !== imageShape.join()) return undefined;
    return inkOf(await pixelsAt(dataset, spread(dataset.count)), imageShape);
  });

/** A picture as an image of the run, read as its pictures were; undefined before the first run. */
export const preparedPicture = (file: Blob): Promise<ImageBitmap | undefined> =>
  ofCurrent(async ({ trainer }) => {
    const [bitmap] = await preparePictures([file], trainer.pictures);
    return transfer(bitmap!, [bitmap!]);
  });

/**
 * The gradient of an output of the run's network with respect to the pixels, by default of the largest output; undefined before the
 * first run.
 */
export const saliencyOf = (pixels: Uint8Array, output?: number): Promise<Saliency | undefined> =>
  ofCurrent((session) =>
    session.trainer.meanwhile.saliency(datasetOf(session, pixels), output === undefined ? {} : { output }),
  );
