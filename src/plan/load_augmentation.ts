import { setFurtherAugmentation } from '../augment/loaded.ts';
import { isPlain } from '../augment/plain.ts';

/** Loads the code for an augmentation that does more than rescale. Await it before parsing the augmentation. */
export async function loadAugmentation(augmentation: unknown): Promise<void> {
  if (!isPlain(augmentation)) setFurtherAugmentation((await import('../augment/pipeline.ts')).augmentationCode);
}
