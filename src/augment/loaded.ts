import type { parseAugmentation } from './pipeline.ts';

/** The code that plans augmented batches. */
type Further = typeof import('./further.ts') & { parseAugmentation: typeof parseAugmentation };

let further: Further | undefined;

/** Called by pipeline.ts when it is loaded; the indirection avoids a static import. */
export function setFurtherAugmentation(loaded: Further): void {
  further = loaded;
}

/** The code that plans augmented batches. `loadAugmentation` loads it for an augmentation that does more than scale. */
export function furtherAugmentation(): Further {
  if (!further) throw new Error('loadAugmentation was not awaited before a batch was planned');
  return further;
}
