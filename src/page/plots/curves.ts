import type { StepRecord } from '../../index.ts';
import { strideFor, windowFor } from './axes.ts';

/** A curve's values, one a step; null where there is nothing to draw. */
export type Column = (number | null)[];

/** What the plots draw: columns that grow by a row with each step. */
export class Curves {
  readonly steps: number[] = [];
  readonly loss = new Curve();
  readonly accuracy = new Curve();
  /** At the last step of each epoch, or of the run. */
  readonly validationLoss: Column = [];
  readonly validationAccuracy: Column = [];
  /** The first step of each epoch but the first. */
  readonly epochs: number[] = [];
  private readonly norms = new Map<string, Curve>();
  private epoch = 1;

  addStep({ step, epoch, loss, accuracy, gradientNorms }: StepRecord): void {
    if (epoch > this.epoch) this.epochs.push(step);
    this.epoch = epoch;
    this.steps.push(step);
    this.loss.add(finite(loss));
    this.accuracy.add(finite(accuracy));
    this.validationLoss.push(null);
    this.validationAccuracy.push(null);
    // Their axis is logarithmic: zero has no place there.
    for (const [layer, norm] of Object.entries(gradientNorms)) this.normOf(layer).add(norm > 0 ? finite(norm) : null);
  }

  /** After the step that was added last. */
  addValidation(loss: number | undefined, accuracy: number | undefined): void {
    if (!this.steps.length) return;
    this.validationLoss[this.steps.length - 1] = finite(loss);
    this.validationAccuracy[this.steps.length - 1] = finite(accuracy);
  }

  /** Of a layer; empty, and filled later, before its first step. */
  normOf(layer: string): Curve {
    const curve = this.norms.get(layer) ?? new Curve(Math.log, Math.exp);
    this.norms.set(layer, curve);
    return curve;
  }

  /** Steps that each point of the smoothed curves is a mean of, where the axis has room for so many. */
  smooth(room: number): number {
    for (const curve of [this.loss, this.accuracy, ...this.norms.values()]) curve.smooth(room);
    return windowFor(room);
  }
}

/** A noisy figure of each step, and what it does on the whole: the mean of the last steps, as the axis shows them. */
export class Curve {
  readonly each: Column = [];
  /** With gaps, in a long run. */
  readonly mean: Column = [];
  /** Of all values up to a step, and how many there were. */
  private readonly sums = [0];
  private readonly counts = [0];
  private window = windowFor(0);
  private stride = strideFor(0);

  constructor(
    private readonly toAxis: (value: number) => number = (value) => value,
    private readonly fromAxis: (value: number) => number = (value) => value,
  ) {}

  /** What is missing is a gap, and no part of a mean. */
  add(value: number | null): void {
    this.each.push(value);
    this.sums.push(this.sums.at(-1)! + (value === null ? 0 : this.toAxis(value)));
    this.counts.push(this.counts.at(-1)! + (value === null ? 0 : 1));
    this.mean.push(this.meanAt(this.mean.length));
  }

  smooth(room: number): void {
    if (windowFor(room) === this.window && strideFor(room) === this.stride) return;
    this.window = windowFor(room);
    this.stride = strideFor(room);
    for (let i = 0; i < this.mean.length; i++) this.mean[i] = this.meanAt(i);
  }

  private meanAt(index: number): number | null {
    if (index % this.stride) return null;
    const end = index + 1;
    const begin = Math.max(0, end - this.window);
    const count = this.counts[end]! - this.counts[begin]!;
    return count ? this.fromAxis((this.sums[end]! - this.sums[begin]!) / count) : null;
  }
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
