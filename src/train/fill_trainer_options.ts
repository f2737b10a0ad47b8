import { parsedInto } from '../plan/parsed_pipeline.ts';
import type { Settings } from '../plan/settings.ts';
import { fillOptions, type TrainerOptions, withAugmentation } from './trainer_options.ts';

/**
 * Checks all of a trainer's options at once, for callers that need the code of augmentations anyway: a trainer loads it only if it has
 * an augmentation.
 *
 * @throws ConfigurationError for a model, optimizer or option that is invalid.
 */
export function fillTrainerOptions(options: TrainerOptions): Settings {
  return withAugmentation(fillOptions(options), parsedInto);
}
