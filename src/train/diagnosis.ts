import { giveName, TrainingError } from '../errors.ts';
import type { Pass } from '../health/health.ts';
import type { History } from '../health/history.ts';

/** Training stopped because its numbers were not finite. What was computed before is in `history`. */
export class NonFiniteError extends TrainingError {
  static {
    giveName(NonFiniteError, 'NonFiniteError');
  }
  /** The first layer, in the order of computation, with a number that isn't finite. */
  readonly layer: string;
  /** `update`: weights, gradients and loss of a step were finite, and its updated weights were not. */
  readonly pass: Pass;
  /** The step in which it arose: the last of the bad steps in a row, or the step before them for an update. */
  readonly step: number;
  /** What `fit` recorded before it. */
  history?: History;

  constructor(found: { layer: string; pass: Pass; step: number }, stoppedAt: number, where: string) {
    super({
      what: `Training stopped at step ${stoppedAt}: ${where}`,
      found: `numbers that are not finite, in the ${found.pass} pass of ${found.layer}`,
      expected: 'finite losses and gradients; a bad step is skipped, three in a row end the run',
      fix: 'lower the learning rate, scale the inputs (images / 255) or start from other weights',
    });
    this.layer = found.layer;
    this.pass = found.pass;
    this.step = found.step;
  }
}
