import type { ErrorParts } from '../../../errors.ts';
import { Facts } from '../../ui/error_facts.tsx';

/** What is wrong, where it is: which op it is needs no saying there. */
export const AugmentationError = (error: ErrorParts) => (
  <div id="augmentation-error" class="error inset" role="alert">
    <strong>{error.what.replace(/^augmentation: (op \d+ \(\w+\):? )?/, '')}</strong>
    <Facts {...error} />
  </div>
);
