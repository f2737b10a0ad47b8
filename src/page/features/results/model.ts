import { effect, signal, untracked } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { dataset, experiment, run, trouble } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { placeDrawing, placingFor } from '../predict/drawn_digit.ts';
import { type Ink, lightOnDark } from '../predict/ink.ts';
import type { Answer, PartOfRun, Results } from './worker.ts';

/** What the network of the run that is shown makes of images: all validation images together, and a chosen one. */

/** Undefined until somebody, or the end of the run, has asked. */
export const results = signal<Results | undefined>();
export const isLooking = signal(false);

/** An image that is asked about. */
export interface Question {
  pixels: Uint8Array;
  /** Where it is among the images of the run; undefined for a drawing. */
  sample?: number;
  part?: PartOfRun;
  /** The class that it has. */
  label?: number;
  /** Or the numbers. */
  values?: number[];
}

export const question = signal<Question | undefined>();
export const answer = signal<Answer | undefined>();

/** Whether there is a network to ask. Those of twins are let go. */
export const canAsk = () =>
  Boolean(run.value && !run.value.beside && (run.value.phase.value !== 'starting' || run.value.log.steps.length));

/** Why there is none, where the runs that are shown are twins. */
export const notKept = () =>
  run.value?.beside && "Twins' networks are not kept: train one alone to look at what it makes of images.";

/** Shape of the images of the run that is shown. */
export const shapeOfRun = () => run.value?.imageShape;

/** Goes over all validation images; where a run is under way, it waits for that. */
export async function look(): Promise<void> {
  const shown = run.peek();
  if (!shown || shown.beside || isLooking.peek()) return;
  isLooking.value = true;
  try {
    const found = await training.results(experiment.peek().testTimeAugmentation);
    if (run.peek() === shown) results.value = found;
  } catch (error) {
    trouble.value = error as ErrorParts;
  } finally {
    isLooking.value = false;
  }
}

let isAsking = false;
let next: Question | undefined;

/** Asks about an image; of those that come while one is asked about, about the last. */
async function askAbout(about: Question): Promise<void> {
  question.value = about;
  next = about;
  if (isAsking) return;
  isAsking = true;
  try {
    while (next) {
      const { pixels } = next;
      next = undefined;
      const shown = run.peek();
      const said = await training.ask(pixels);
      // Of a drawing that goes on it is of some use; of one that was erased, or of another run's network, of none.
      if (run.peek() === shown && question.peek()) answer.value = said;
    }
  } catch (error) {
    trouble.value = error as ErrorParts;
  } finally {
    isAsking = false;
  }
}

/** Nothing is asked about any more. */
export function forget(): void {
  next = undefined;
  question.value = undefined;
  answer.value = undefined;
}

/** Paper and ink of the images that the network of the run has learned from: drawings are made like them. */
export const ink = signal<Ink>(lightOnDark);

effect(() => {
  const shown = run.value;
  void dataset.value.facts; // images of a run from a file may be here now
  if (canAsk()) findInk(shown);
});

async function findInk(of: typeof run.value): Promise<void> {
  const found = await training.inkOfRun().catch(() => undefined);
  if (run.peek() === of) ink.value = found ?? lightOnDark;
}

/** @param strokes [side, side], 0 where nothing is drawn to 255. */
export function askAboutDrawing(strokes: Uint8Array, side: number): void {
  const shape = shapeOfRun();
  if (shape) askAbout({ pixels: placeDrawing(strokes, side, shape, placingFor(shape[0]), ink.peek()) });
}

export async function askAboutImage(part: PartOfRun, sample: number): Promise<void> {
  const shown = run.peek();
  try {
    const image = await training.imageOf(part, sample);
    if (image && run.peek() === shown) await askAbout({ ...image, part, sample });
  } catch (error) {
    trouble.value = error as ErrorParts;
  }
}

/** Asks about an image from another panel: the one with the answer comes into sight. */
export function tryImage(part: PartOfRun, sample: number): void {
  askAboutImage(part, sample);
  document.getElementById('try')?.scrollIntoView({ block: 'nearest' });
}

let shownBefore = run.peek();
effect(() => {
  const shown = run.value;
  const isOver = shown && !shown.isUnderWay.value;
  untracked(() => {
    if (shown !== shownBefore) {
      shownBefore = shown;
      results.value = undefined;
      forget();
    }
    if (!isOver || !shown.log.steps.length) return;
    look();
    if (question.value) askAbout(question.value);
  });
});
