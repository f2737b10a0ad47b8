import { parsedInto } from '../plan/parsed_pipeline.ts';
import type { Settings } from '../plan/settings.ts';
import { fillOptions, type TrainerOptions, withAugmentation } from './trainer_options.ts';

/**
 * Validates all options of a trainer at once, for callers that need the augmentation code anyway. A trainer loads it only if it
 * has an augmentation.
 *
 * @throws ConfigurationError for an invalid model, optimizer or option.
 */
export function fillTrainerOptions(options: TrainerOptions): Settings {
  return withAugmentation(fillOptions(options), parsedInto);
}
