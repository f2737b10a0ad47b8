import { effect, signal, untracked } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { pageError } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { followRun } from './follow_run.ts';
import type { Answer, PartOfRun } from './questions_worker.ts';
import { run } from './state.ts';

/** Asks the network of the shown run about single images, one at a time. */

/** An image to classify. */
export interface Question {
  pixels: Uint8Array;
  /** Its index among the images of the run; undefined for a drawing. */
  sample?: number;
  part?: PartOfRun;
  /** Its actual class. */
  label?: number;
  /** Its actual numbers. */
  values?: number[];
  /** It is a frame of a webcam, so others will follow. */
  isLive?: boolean;
}

export const question = signal<Question | undefined>();
export const answer = signal<Answer | undefined>();

/** An image from another panel to be followed step by step; cleared when that begins. */
export const sampleToFollow = signal<{ part: PartOfRun; sample: number } | undefined>();

/** Whether there is a network to ask. The networks of twins are not kept. */
export const canAsk = () =>
  Boolean(run.value && !run.value.twinB && (run.value.phase.value !== 'starting' || run.value.log.steps.length));

/** Explains why there is none if the shown runs are twins. */
export const notKept = () => run.value?.twinB && 'Results need a single run. Train A or B on its own to inspect it.';

/** Image shape of the shown run. */
export const shapeOfRun = () => run.value?.imageShape;

let isAsking = false;
let next: Question | undefined;

/** Asks about an image; if several arrive during a request, only the last one is asked about. */
export async function askAbout(about: Question): Promise<void> {
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
      // The answer is outdated but useful for a drawing in progress; it is useless for one that was erased, or for another run's
      // network.
      if (run.peek() === shown && question.peek()) answer.value = said;
    }
  } catch (error) {
    pageError.value = error as ErrorParts;
  } finally {
    isAsking = false;
  }
}

/** Clears the question. */
export function forget(): void {
  next = undefined;
  question.value = undefined;
  answer.value = undefined;
}

export async function askAboutImage(part: PartOfRun, sample: number): Promise<void> {
  const shown = run.peek();
  try {
    const image = await training.imageOf(part, sample);
    if (image && run.peek() === shown) await askAbout({ ...image, part, sample });
  } catch (error) {
    pageError.value = error as ErrorParts;
  }
}

/** Asks about an image from another panel, and scrolls to the panel with the answer. */
export function tryImage(part: PartOfRun, sample: number): void {
  askAboutImage(part, sample);
  document.getElementById('try')?.scrollIntoView({ block: 'nearest' });
}

/** Follows an image step by step, and scrolls to the panel that shows it. */
export function followImage(part: PartOfRun, sample: number): void {
  sampleToFollow.value = { part, sample };
  document.getElementById('sample')?.scrollIntoView({ block: 'start' });
}

/** Minimum milliseconds between two times that the same question is asked while the network trains. */
const pause = 700;

/**
 * A new run has no question yet. While the network trains, the last question is asked again and again, because the prediction changes,
 * and once more when the run has ended.
 */
export function installQuestions(): void {
  const again = () => {
    if (question.value) askAbout(question.value);
  };
  followRun(forget, again);
  let askedAt = 0;
  effect(() => {
    const shown = run.value;
    shown?.events.value;
    const isDue = performance.now() - askedAt >= pause;
    if (!shown?.isUnderWay.peek() || shown.twinB || !isDue || isAsking || document.hidden) return;
    askedAt = performance.now();
    untracked(again);
  });
}
