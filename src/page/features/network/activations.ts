import { signal } from '@preact/signals';
import type { Twin } from '../../../session/pairs.ts';
import { training } from '../../app/worker_client.ts';
import type { LayerPicture, Run } from '../run/run.ts';

/** The activations of a run's layers for one validation image, at several steps. */

/** Pictures by layer name; `images` is the image itself. */
export interface Pictures {
  step: number;
  of: ReadonlyMap<string, CanvasImageSource>;
}

/** Incremented when there are new pictures. */
export const picturesKept = signal(0);
const kept = new WeakMap<Run, Pictures[]>();

/** Maximum number of steps that are kept; beyond that, every second one is dropped. */
const mostKept = 48;
/** Maximum fraction of time spent on requests, and minimum pause between them: training has priority. */
const share = 0.03;
const leastPauseMs = 500;

/** The newest pictures up to the given step. */
export const picturesAt = (run: Run, step: number): Pictures | undefined => {
  if (run.pictures && !kept.has(run)) kept.set(run, [picturesOf(0, run.pictures)]);
  const own = kept.get(run);
  return own?.findLast((pictures) => pictures.step <= step) ?? own?.[0];
};

function keepPictures(run: Run, step: number, pictures: readonly LayerPicture[]): void {
  const own = kept.get(run) ?? [];
  own.push(picturesOf(step, pictures));
  if (own.length > mostKept) own.splice(0, own.length, ...own.filter((_, i) => i % 2 === own.length % 2));
  kept.set(run, own);
  picturesKept.value++;
}

const picturesOf = (step: number, pictures: readonly LayerPicture[]): Pictures => ({
  step,
  of: new Map(pictures.map((picture) => [picture.layer, canvasOf(picture)])),
});

function canvasOf({ width, height, pixels }: LayerPicture): CanvasImageSource {
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  for (let i = 0; i < pixels.length; i++) {
    image.data.fill(pixels[i]!, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas;
}

/** Undefined if the request fails: the page reports a failed run elsewhere, and the drawing works without pictures. */
async function imageActivations(twin: Twin | undefined) {
  try {
    return await training.activations(0, twin);
  } catch {
    return undefined;
  }
}

/**
 * Requests activations repeatedly while a run trains, and once when it has ended.
 *
 * @param twin which of the twins the run is, if it is one of two.
 * @returns a function that stops the requests.
 */
export function watchActivations(run: Run, twin?: Twin): () => void {
  let timer = 0;
  let isOver = false;
  const ask = async () => {
    const isLast = !run.isUnderWay.peek();
    const begin = performance.now();
    const found = await imageActivations(twin);
    if (isOver) return;
    if (found && run.log.steps.length) keepPictures(run, run.log.steps.length, [found.image, ...found.layers]);
    if (isLast) return;
    timer = window.setTimeout(ask, Math.max(leastPauseMs, (performance.now() - begin) / share));
  };
  const wait = () => {
    if (isOver) return;
    if (run.log.steps.length) ask();
    else timer = window.setTimeout(wait, leastPauseMs);
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
