import { ConfigurationError, DeviceLostError, SetupError, TrainingError, WgradError } from '../errors.ts';
import type { PageError } from './headless/protocol.ts';

/** Recreates an error from the page in this process. */
export function revive(error: PageError): Error {
  if ('stack' in error) return Object.assign(new Error(), { stack: error.stack });
  if (error.name === 'DeviceLostError') return new DeviceLostError(error.parts);
  if (error.name === 'NonFiniteError') return new TrainingError(error.parts);
  const Kind = { 2: ConfigurationError, 3: SetupError }[error.exitCode] ?? WgradError;
  return new Kind(error.parts);
}
