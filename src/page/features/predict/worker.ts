import type { Saliency } from '../../../index.ts';
import { load } from '../../app/worker/datasets.ts';
import { pixelsAt } from '../../app/worker/pixels_at.ts';
import { datasetOf, ofCurrent } from '../run/questions_worker.ts';
import { type Ink, inkOf, spread } from './ink.ts';

/** How the training images of the run are drawn; undefined where they are not to be had, or have colors. */
export const inkOfRun = (): Promise<Ink | undefined> =>
  ofCurrent(async ({ request, training, imageShape }) => {
    // A run from a file: its images may have been added since.
    const dataset = training ?? (await load(request).catch(() => undefined))?.train;
    if (imageShape[2] !== 1 || dataset?.imageShape.join() !== imageShape.join()) return undefined;
    return inkOf(await pixelsAt(dataset, spread(dataset.count)), imageShape);
  });

/** How the pixels of an image move an output of the network of the run, by default the largest; undefined before the first run. */
export const saliencyOf = (pixels: Uint8Array, output?: number): Promise<Saliency | undefined> =>
  ofCurrent((session) =>
    session.trainer.meanwhile.saliency(datasetOf(session, pixels), output === undefined ? {} : { output }),
  );
