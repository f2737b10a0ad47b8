import { effect } from '@preact/signals';
import type { ErrorParts } from '../../errors.ts';
import type { AugmentationConfig } from '../../index.ts';
import { adapter, augmentation, type Checked, checked, dataset } from './state.ts';
import { training } from './worker_client.ts';

/** Keeps `checked` to the augmentation and the data set. The worker has the ops anyway, and the page does without them. */

type ImageShape = Checked['imageShape'];

let isUnderWay: Promise<void> | undefined;

/** What to wait for before a run begins: undefined where `checked` is about what would be trained now. */
export const checkUnderWay = (): Promise<void> | undefined => isUnderWay && lastCheck();

/** Behind those, too, that begin meanwhile. */
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
