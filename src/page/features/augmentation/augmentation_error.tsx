import type { ErrorParts } from '../../../errors.ts';
import { Facts } from '../../ui/error_facts.tsx';

/** Shown at the op that is wrong, so it need not name it. */
export const AugmentationError = (error: ErrorParts) => (
  <div id="augmentation-error" class="error inset" role="alert">
    <strong>{error.problem ?? error.what}</strong>
    <Facts {...error} />
  </div>
);
