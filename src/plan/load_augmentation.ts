import { isPlain } from '../augment/plain.ts';

/** Loads the code for an augmentation that is more than a scale. Await it before you parse the augmentation. */
export async function loadAugmentation(augmentation: unknown): Promise<void> {
  if (!isPlain(augmentation)) await import('../augment/pipeline.ts');
}
