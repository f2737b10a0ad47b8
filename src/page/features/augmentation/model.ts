import { computed, effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { adapter, augmentation, checked, dataset, experiment, plan } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { run } from '../run/state.ts';
import type { Preview } from './worker.ts';

/** Training images and what the augmentation makes of them, for the panel; the last that could be made. */
export const preview = signal<Preview | undefined>();

/** Why there are no new ones, where that isn't for the augmentation's own sake. */
export const previewError = signal<ErrorParts | undefined>();

const rows = 4;
const columns = 6;
/** How long samples are shown before the next ones come. */
const movesEveryMs = 1600;

/** The first epoch that is shown; the trainer counts from 1. */
const epoch = signal(1);

/** Whether new samples are shown again and again: while the panel is visible, and nothing else needs the GPU. */
export const moves = signal(!matchMedia('(prefers-reduced-motion: reduce)').matches);

/** Whether what is shown is behind what is asked for by more than a moment: a whitening matrix takes seconds. */
export const isLate = signal(false);
const lateAfterMs = 1000;

/** Asked for while another one is made: only the latest is. */
let isBusy = false;
let waiting: (() => Promise<void>) | undefined;

const trainSamples = computed(() => plan.value?.trainSamples ?? 1);

/** The data set that `preview` is of. */
let previewOf = '';

/** A shader of the user's own shows what is wrong with it only when it is compiled. */
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

/** Other augmented samples of the same images. */
export function shuffle(): void {
  epoch.value += columns;
}

/** Keeps `preview` to the experiment, and shows new samples by itself. */
export function installPreview(): void {
  effect(() => {
    const { name, overview } = dataset.value;
    if (name !== previewOf) {
      // Images of another set would be taken for this one's.
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
    const isWanted = moves.value && !document.hidden && !run.value?.isUnderWay.value && !checked.value?.error;
    if (isWanted && !isBusy) epoch.value += 1;
  }, movesEveryMs);
}
