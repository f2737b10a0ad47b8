import { isPlain } from '../augment/plain.ts';

/** Fetches the code of augmentations, for one that is more than a scale. To be awaited before it is parsed. */
export async function loadAugmentation(augmentation: unknown): Promise<void> {
  if (!isPlain(augmentation)) await import('../augment/pipeline.ts');
}
