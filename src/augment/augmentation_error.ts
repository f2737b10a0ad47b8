import { ConfigurationError, type ErrorParts } from '../errors.ts';

/** An error in an augmentation. @param parts `what` follows the name of the option or of the op. */
export const augmentationError = (parts: ErrorParts, options?: ErrorOptions): ConfigurationError =>
  new ConfigurationError({ problem: parts.what, ...parts, what: `augmentation: ${parts.what}` }, options);
