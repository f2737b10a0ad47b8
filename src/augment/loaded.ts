import type { parseAugmentation } from './pipeline.ts';

/** All that a batch is made with where it is augmented. */
type Further = typeof import('./further.ts') & { parseAugmentation: typeof parseAugmentation };

let further: Further | undefined;

/** For pipeline.ts, which calls it when it is loaded. */
export function setFurtherAugmentation(loaded: Further): void {
  further = loaded;
}

/** The code of augmentations, which was fetched for one that is more than a scale. */
export function furtherAugmentation(): Further {
  if (!further) throw new Error('loadAugmentation was not awaited before a batch was planned');
  return further;
}
