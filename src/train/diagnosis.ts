import { giveName, TrainingError } from '../errors.ts';
import type { Pass } from '../health/health.ts';
import type { History } from '../health/history.ts';

/** Training stopped because its numbers were not finite. Results up to that point are in `history`. */
export class NonFiniteError extends TrainingError {
  static {
    giveName(NonFiniteError, 'NonFiniteError');
  }
  /** The first layer, in execution order, with a non-finite number. */
  readonly layer: string;
  /** `update` means that weights, gradients and loss of a step were finite, but its updated weights were not. */
  readonly pass: Pass;
  /** The step in which it occurred: the last of the consecutive bad steps, or for an update the step before them. */
  readonly step: number;
  /** The history that `fit` recorded before it. */
  history?: History;

  constructor(found: { layer: string; pass: Pass; step: number }, stoppedAt: number, where: string, advice?: string) {
    super({
      what: `Training stopped at step ${stoppedAt}: ${where}`,
      found: `numbers that are not finite, in the ${found.pass} pass of ${found.layer}`,
      expected: 'finite losses and gradients; a bad step is skipped, three in a row end the run',
      fix: `${advice ? `${advice}; or ` : ''}lower the learning rate, scale the inputs (images / 255) or start from other weights`,
    });
    this.layer = found.layer;
    this.pass = found.pass;
    this.step = found.step;
  }
}
