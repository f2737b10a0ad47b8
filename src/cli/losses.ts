import { ConfigurationError, DataError, WgradError } from '../errors.ts';
import { BrowserSilentError, isLoss } from './browser_lost_error.ts';

/** Losses of Chrome or of the GPU in a row, without progress between them, that end a run. */
export const lossesInARow = 3;

/** Milliseconds between a Chrome that could not be started and the next try. */
const pauseBetweenTries = 1000;

export interface Recovery {
  /** Starts another Chrome, and prepares it. */
  restart: () => Promise<void>;
  /** How far the run has come: a number that grows with it. */
  progress: () => number;
  /** It is to end anyway. */
  isStopping: () => boolean;
  /** Hears of each loss that is recovered from. */
  lost: (error: WgradError) => void;
}

/**
 * Does work in Chrome, and again in another Chrome where the first, or its GPU, is lost.
 *
 * @throws what ended the work: after `lossesInARow` losses without progress between them, the last loss.
 */
export async function throughLosses<T>(work: () => Promise<T>, recovery: Recovery): Promise<T> {
  const { restart, progress, isStopping, lost } = recovery;
  let furthest = progress();
  let inARow = 0;
  let isLost = false;
  for (;;) {
    let begunAt = furthest;
    try {
      if (isLost) await restart();
      isLost = false;
      begunAt = progress();
      return await work();
    } catch (error) {
      // A Chrome that does not start again is as good as lost.
      if (!(isLost ? isStartFailure(error) : isLoss(error)) || isStopping()) throw error;
      const now = progress();
      // Without a single step done, the next Chrome would most likely hang in the same place.
      if (error instanceof BrowserSilentError && now === begunAt) throw error;
      inARow = now > furthest ? 1 : inARow + 1;
      furthest = Math.max(now, furthest);
      if (inARow === lossesInARow) throw withTries(error as WgradError);
      lost(error as WgradError);
      if (isLost) await new Promise((resolve) => setTimeout(resolve, pauseBetweenTries));
      isLost = true;
    }
  }
}

const isStartFailure = (error: unknown) =>
  error instanceof WgradError && !(error instanceof ConfigurationError) && !(error instanceof DataError);

/** The error, with what was tried. */
function withTries({ parts }: WgradError): WgradError {
  const found = 'found' in parts ? `${parts.found}; ` : '';
  return new WgradError({
    ...parts,
    found: `${found}lost ${lossesInARow} times in a row, without a new step in between`,
  });
}
