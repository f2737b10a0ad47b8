import { DeviceLostError, giveName, WgradError } from '../errors.ts';

/** Chrome or its page has ended, or shows no sign of life. */
export class BrowserLostError extends WgradError {
  static {
    giveName(BrowserLostError, 'BrowserLostError');
  }
}

/** Chrome is running but does not respond. */
export class BrowserSilentError extends BrowserLostError {
  static {
    giveName(BrowserSilentError, 'BrowserSilentError');
  }
}

/** Whether a new Chrome may do what this one could not. */
export const isLoss = (error: unknown): error is WgradError =>
  error instanceof BrowserLostError || error instanceof DeviceLostError;
