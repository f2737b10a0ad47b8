import type { StepRecord } from '../index.ts';

/** A curve's values, one a step; null where there is nothing to draw. */
export type Column = (number | null)[];

/** A noisy figure of each step, and what it does on the whole. */
export interface Curve {
  each: Column;
  mean: Column;
}

/** Steps that a mean looks back over. */
export const meanSteps = 20;

/** What the plots draw: columns that grow by a row with each step. */
export class Curves {
  readonly steps: number[] = [];
  readonly loss: Curve = { each: [], mean: [] };
  /** At the last step of each epoch, or of the run. */
  readonly validationLoss: Column = [];
  /** The first step of each epoch but the first. */
  readonly epochs: number[] = [];
  private readonly norms = new Map<string, Curve>();
  private readonly lossMean = new TrailingMean();
  private readonly normMeans = new Map<string, TrailingMean>();
  private epoch = 1;

  addStep({ step, epoch, loss, gradientNorms }: StepRecord): void {
    if (epoch > this.epoch) this.epochs.push(step);
    this.epoch = epoch;
    this.steps.push(step);
    this.loss.each.push(finite(loss));
    this.loss.mean.push(this.lossMean.add(finite(loss)));
    this.validationLoss.push(null);
    for (const [layer, norm] of Object.entries(gradientNorms)) this.addNorm(layer, norm);
  }

  /** After the step that was added last. */
  addValidation(loss: number | undefined): void {
    if (this.steps.length) this.validationLoss[this.steps.length - 1] = finite(loss);
  }

  /** Of a layer; empty, and filled later, before its first step. */
  normOf(layer: string): Curve {
    const curve = this.norms.get(layer) ?? { each: [], mean: [] };
    this.norms.set(layer, curve);
    return curve;
  }

  /** Its axis is logarithmic: zero has no place there, and a mean is one of logarithms. */
  private addNorm(layer: string, norm: number): void {
    const means = this.normMeans.get(layer) ?? new TrailingMean();
    this.normMeans.set(layer, means);
    const drawn = norm > 0 ? finite(norm) : null;
    const log = means.add(drawn && Math.log(drawn));
    const { each, mean } = this.normOf(layer);
    each.push(drawn);
    mean.push(log === null ? null : Math.exp(log));
  }
}

/** The mean of the last values; what is missing is left out of it. */
class TrailingMean {
  private readonly window: Column = [];

  add(value: number | null): number | null {
    this.window.push(value);
    if (this.window.length > meanSteps) this.window.shift();
    const there = this.window.filter((it) => it !== null);
    return there.length ? there.reduce((a, b) => a + b, 0) / there.length : null;
  }
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
