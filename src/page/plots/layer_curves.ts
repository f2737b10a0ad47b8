import type { LayerFigures } from '../../health/health_table.ts';
import { Curve } from './curve.ts';

/** Bits for values that have no logarithm. */
export const zeroMark = 1;
export const nonFiniteMark = 2;

/** A curve on a logarithmic axis, whose means are of logarithms. */
export class LogCurve extends Curve {
  /** For each row, whether it contains a zero or a non-finite value. */
  readonly marks: number[] = [];
  /** Range of all values that have a logarithm. */
  least = Infinity;
  most = 0;

  constructor() {
    super(Math.log, Math.exp);
  }

  /** Zeros and non-finite values are gaps, which `marks` distinguishes. */
  override add(value: number | null, opens = true): void {
    const hasLogarithm = value !== null && value > 0 && value < Infinity;
    const mark = value === null || hasLogarithm ? 0 : value === 0 ? zeroMark : nonFiniteMark;
    if (opens) this.marks.push(mark);
    else this.marks[this.marks.length - 1]! |= mark;
    if (hasLogarithm) {
      this.least = Math.min(this.least, value);
      this.most = Math.max(this.most, value);
    }
    super.add(hasLogarithm ? value : null, opens);
  }

  /** The value of a step, or of the few that share its row: 0 or NaN if it has no logarithm, undefined if there is none. */
  valueAt(row: number): number | undefined {
    const mark = this.marks[row] ?? 0;
    if (mark & nonFiniteMark) return Number.NaN;
    return this.each[row] ?? (mark & zeroMark ? 0 : undefined);
  }

  override halve(): void {
    super.halve();
    const rows = this.marks.length / 2;
    for (let i = 0; i < rows; i++) this.marks[i] = this.marks[2 * i]! | this.marks[2 * i + 1]!;
    this.marks.length = rows;
  }
}

/** The figures of a layer. */
export class LayerCurves {
  readonly norm = new LogCurve();
  readonly updateRatio = new LogCurve();
  readonly transport = new LogCurve();
  /** Relative gradient: RMS of its delta over the last layer's. */
  readonly reach = new LogCurve();
  /** Fraction of units that were never positive, 0 to 1. */
  readonly dead = new Curve();
  /** Fractions of its outputs that are zero, and that are in the flat range of a tanh or sigmoid. */
  readonly zeros = new Curve();
  readonly saturated = new Curve();

  get all(): Curve[] {
    return [this.norm, this.updateRatio, this.transport, this.reach, this.dead, this.zeros, this.saturated];
  }

  add(norm: number, figures: LayerFigures | undefined, opens: boolean): void {
    this.norm.add(norm, opens);
    this.updateRatio.add(figures?.updateRatio ?? null, opens);
    // If the next layer's delta is zero, 0 / 0 is not a ratio. Non-finite values also show in the norm.
    const ratio = (value: number | undefined) =>
      value === undefined || (Number.isNaN(value) && Number.isFinite(norm)) ? null : value;
    this.transport.add(ratio(figures?.transport), opens);
    this.reach.add(ratio(figures?.reach), opens);
    this.dead.add(figures?.dead ?? null, opens);
    this.zeros.add(figures?.zeros ?? null, opens);
    this.saturated.add(figures?.saturated ?? null, opens);
  }
}
