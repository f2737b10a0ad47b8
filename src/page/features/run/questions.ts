import { signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { pageError } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { followRun } from './follow_run.ts';
import type { Answer, PartOfRun } from './questions_worker.ts';
import { run } from './state.ts';

/** Images that the network of the run that is shown is asked about, one at a time. */

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
  /** Others follow it by themselves, of a webcam. */
  isLive?: boolean;
}

export const question = signal<Question | undefined>();
export const answer = signal<Answer | undefined>();

/** An image that another panel wants to be followed step by step, until that begins. */
export const sampleToFollow = signal<{ part: PartOfRun; sample: number } | undefined>();

/** Whether there is a network to ask. Those of twins are let go. */
export const canAsk = () =>
  Boolean(run.value && !run.value.twinB && (run.value.phase.value !== 'starting' || run.value.log.steps.length));

/** Why there is none, where the runs that are shown are twins. */
export const notKept = () => run.value?.twinB && 'Results need a single run. Train A or B on its own to inspect it.';

/** Shape of the images of the run that is shown. */
export const shapeOfRun = () => run.value?.imageShape;

let isAsking = false;
let next: Question | undefined;

/** Asks about an image; of those that come while one is asked about, about the last. */
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
      // Of a drawing that goes on it is of some use; of one that was erased, or of another run's network, of none.
      if (run.peek() === shown && question.peek()) answer.value = said;
    }
  } catch (error) {
    pageError.value = error as ErrorParts;
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

export async function askAboutImage(part: PartOfRun, sample: number): Promise<void> {
  const shown = run.peek();
  try {
    const image = await training.imageOf(part, sample);
    if (image && run.peek() === shown) await askAbout({ ...image, part, sample });
  } catch (error) {
    pageError.value = error as ErrorParts;
  }
}

/** Asks about an image from another panel: the one with the answer comes into sight. */
export function tryImage(part: PartOfRun, sample: number): void {
  askAboutImage(part, sample);
  document.getElementById('try')?.scrollIntoView({ block: 'nearest' });
}

/** Follows an image step by step: the panel with its way comes into sight. */
export function followImage(part: PartOfRun, sample: number): void {
  sampleToFollow.value = { part, sample };
  document.getElementById('sample')?.scrollIntoView({ block: 'start' });
}

/** Another run is asked nothing yet; one that has ended is asked once more what it was asked about on its way. */
export function installQuestions(): void {
  followRun(forget, () => {
    if (question.value) askAbout(question.value);
  });
}
