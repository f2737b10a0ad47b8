import { ConfigurationError, DataError, WgradError } from '../errors.ts';
import { BrowserSilentError, isLoss } from './browser_lost_error.ts';

/** Number of consecutive losses of Chrome or the GPU, without progress between them, that ends a run. */
export const lossesInARow = 3;

/** Milliseconds between a failed start of Chrome and the next attempt. */
const pauseBetweenTries = 1000;

export interface Recovery {
  /** Starts and prepares another Chrome. */
  restart: () => Promise<void>;
  /** Progress of the run: a number that increases as it trains. */
  progress: () => number;
  /** Whether the run is about to end anyway. */
  isStopping: () => boolean;
  /** Called for each loss that is recovered from. */
  lost: (error: WgradError) => void;
}

/**
 * Does work in Chrome, and repeats it in another Chrome if the first one or its GPU is lost.
 *
 * @throws the error that ended the work: after `lossesInARow` losses without progress between them, the last loss.
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
      // A Chrome that fails to restart counts as another loss.
      if (!(isLost ? isStartFailure(error) : isLoss(error)) || isStopping()) throw error;
      const now = progress();
      // If not a single step was done, the next Chrome would most likely hang at the same point.
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

/** Adds the number of attempts to the error. */
function withTries({ parts }: WgradError): WgradError {
  const found = 'found' in parts ? `${parts.found}; ` : '';
  return new WgradError({
    ...parts,
    found: `${found}lost ${lossesInARow} times in a row, without a new step in between`,
  });
}
