import { signal } from '@preact/signals';
import { training } from '../../app/worker_client.ts';
import type { Run } from '../run/run.ts';
import type { LayerPicture } from './layer_picture.ts';

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
  const own = kept.get(run);
  return own?.findLast((pictures) => pictures.step <= step) ?? own?.[0];
};

function keepPictures(run: Run, step: number, pictures: readonly LayerPicture[]): void {
  const own = kept.get(run) ?? [];
  own.push({ step, of: new Map(pictures.map((picture) => [picture.layer, canvasOf(picture)])) });
  if (own.length > mostKept) own.splice(0, own.length, ...own.filter((_, i) => i % 2 === own.length % 2));
  kept.set(run, own);
  picturesKept.value++;
}

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
async function imageActivations() {
  try {
    return await training.activations(0);
  } catch {
    return undefined;
  }
}

/**
 * Requests activations repeatedly while a run trains, and once when it has ended.
 *
 * @returns a function that stops the requests.
 */
export function watchActivations(run: Run): () => void {
  let timer = 0;
  let isOver = false;
  const ask = async () => {
    const isLast = !run.isUnderWay.peek();
    const begin = performance.now();
    const found = await imageActivations();
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
