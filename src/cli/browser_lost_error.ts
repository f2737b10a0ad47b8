import { DeviceLostError, giveName, WgradError } from '../errors.ts';

/** Chrome or its page has ended, or does not respond. */
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

/** Whether the same work may succeed in a new Chrome. */
export const isLoss = (error: unknown): error is WgradError =>
  error instanceof BrowserLostError || error instanceof DeviceLostError;
