import { parsedInto } from '../plan/parsed_pipeline.ts';
import type { Settings } from '../plan/settings.ts';
import { fillOptions, type TrainerOptions, withAugmentation } from './trainer_options.ts';

/**
 * All of a trainer's options, checked at once, for whoever needs the code of augmentations anyhow: a trainer itself fetches it only
 * when it has one.
 *
 * @throws ConfigurationError for a model, optimizer or option that is invalid.
 */
export function fillTrainerOptions(options: TrainerOptions): Settings {
  return withAugmentation(fillOptions(options), parsedInto);
}
