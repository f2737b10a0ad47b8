import { effect } from '@preact/signals';
import type { ErrorParts } from '../../errors.ts';
import type { AugmentationConfig } from '../../index.ts';
import { adapter, augmentation, type Checked, checked, dataset } from './state.ts';
import { training } from './worker_client.ts';

/**
 * Updates `checked` when the augmentation or the data set changes. The check runs in the worker, which has the ops anyway, so that the page
 * need not load them.
 */

type ImageShape = Checked['imageShape'];

let isUnderWay: Promise<void> | undefined;

/** The check to await before a run begins: undefined if `checked` is up to date. */
export const checkUnderWay = (): Promise<void> | undefined => isUnderWay && lastCheck();

/** Also awaits checks that begin in the meantime. */
async function lastCheck(): Promise<void> {
  while (isUnderWay) await isUnderWay;
}

async function check(of: AugmentationConfig, imageShape: ImageShape): Promise<void> {
  let answer: Checked;
  try {
    answer = { of, imageShape, shape: await training.augmentedShape(of, imageShape) };
  } catch (error) {
    const last = checked.peek();
    const shape = last?.imageShape === imageShape ? last.shape : imageShape;
    answer = { of, imageShape, shape, error: error as ErrorParts };
  }
  if (augmentation.peek() === of && dataset.peek().facts?.imageShape === imageShape) checked.value = answer;
}

/** Checks the augmentation whenever it or the images change. */
export function installAugmentationCheck(): void {
  effect(() => {
    const { facts } = dataset.value;
    const of = augmentation.value;
    if (!adapter.value || !facts) return;
    const mine = check(of, facts.imageShape).then(() => {
      if (isUnderWay === mine) isUnderWay = undefined;
    });
    isUnderWay = mine;
  });
}
