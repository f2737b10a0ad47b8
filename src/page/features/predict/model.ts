import { effect, signal } from '@preact/signals';
import { dataset } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { askAbout, canAsk, shapeOfRun } from '../run/questions.ts';
import { run } from '../run/state.ts';
import { placeDrawing, placingFor } from './drawn_digit.ts';
import { type Ink, lightOnDark } from './ink.ts';

/** Paper and ink of the images that the run's network was trained on: drawings are converted to match them. */
export const ink = signal<Ink>(lightOnDark);

export function installInk(): void {
  effect(() => {
    const shown = run.value;
    void dataset.value.facts; // the images of a run from a file may be available now
    if (canAsk()) findInk(shown);
  });
}

async function findInk(of: typeof run.value): Promise<void> {
  const found = await training.inkOfRun().catch(() => undefined);
  if (run.peek() === of) ink.value = found ?? lightOnDark;
}

/** @param strokes [side, side], from 0 where nothing is drawn to 255. */
export function askAboutDrawing(strokes: Uint8Array, side: number): void {
  const shape = shapeOfRun();
  if (shape) askAbout({ pixels: placeDrawing(strokes, side, shape, placingFor(shape[0]), ink.peek()) });
}
