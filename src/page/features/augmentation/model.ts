import { computed, effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { adapter, augmentation, checked, dataset, experiment, plan } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { run } from '../run/state.ts';
import type { Preview } from './worker.ts';

/** Training images and augmented samples of them for the panel: the last preview that could be made. */
export const preview = signal<Preview | undefined>();

/** Why there is no new preview, unless the augmentation itself is invalid. */
export const previewError = signal<ErrorParts | undefined>();

const rows = 4;
const columns = 6;
/** Time for which samples are shown before the next ones. */
const movesEveryMs = 1600;

/** The epoch of the first column; the trainer counts from 1. */
const epoch = signal(1);

/** Whether new samples are shown automatically: while the panel is in sight, and nothing else needs the GPU. */
export const moves = signal(!matchMedia('(prefers-reduced-motion: reduce)').matches);

/** Whether the panel is in the window. */
let isInSight = false;

/** Shows new samples only while a panel is in sight. @returns a function that ends it. */
export function followSight(panel: Element): () => void {
  const sight = new IntersectionObserver((entries) => {
    isInSight = entries.at(-1)!.isIntersecting;
  });
  sight.observe(panel);
  return () => {
    sight.disconnect();
    isInSight = false;
  };
}

/** Whether the preview is noticeably out of date: a whitening matrix takes seconds. */
export const isLate = signal(false);
const lateAfterMs = 1000;

/** Only the latest request is kept while another preview is being made. */
let isBusy = false;
let waiting: (() => Promise<void>) | undefined;

const trainSamples = computed(() => plan.value?.trainSamples ?? 1);

/** The data set of `preview`. */
let previewOf = '';

/** The error of a custom shader is found only when the shader is compiled. */
function tell(error: ErrorParts, of: typeof augmentation.value): void {
  const now = checked.peek();
  if (!error.place) previewError.value = error;
  else if (now?.of === of) checked.value = { ...now, error };
}

async function next(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  while (waiting) {
    const work = waiting;
    waiting = undefined;
    const late = setTimeout(() => (isLate.value = true), lateAfterMs);
    await work();
    clearTimeout(late);
  }
  isLate.value = false;
  isBusy = false;
}

/** Shows other augmented samples of the same images. */
export function shuffle(): void {
  epoch.value += columns;
}

/** Updates `preview` when the experiment changes, and shows new samples automatically. */
export function installPreview(): void {
  effect(() => {
    const { name, overview } = dataset.value;
    if (name !== previewOf) {
      // Images of the previous data set would be mistaken for this one's.
      previewOf = name;
      preview.value = undefined;
      previewError.value = undefined;
    }
    if (!adapter.value || !overview) return;
    const request = {
      dataset: name,
      clean: experiment.value.clean,
      augmentation: augmentation.value,
      seed: experiment.value.seed,
      trainSamples: trainSamples.value,
      rows,
      epochs: Array.from({ length: columns }, (_, i) => epoch.value + i),
    };
    waiting = async () => {
      if (name !== previewOf) return;
      try {
        const made = await training.preview(request);
        if (name !== previewOf) return;
        preview.value = made;
        previewError.value = undefined;
      } catch (error) {
        if (name === previewOf) tell(error as ErrorParts, request.augmentation);
      }
    };
    next();
  });
  setInterval(() => {
    const isSeen = isInSight && !document.hidden;
    const isWanted = moves.value && isSeen && !run.value?.isUnderWay.value && !checked.value?.error;
    if (isWanted && !isBusy) epoch.value += 1;
  }, movesEveryMs);
}
