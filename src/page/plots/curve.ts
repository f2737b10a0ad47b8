import { strideFor, windowFor } from './axes.ts';

/** A curve's values, one a row; null where there is nothing to draw. */
export type Column = (number | null)[];

/** A noisy figure of each step, and what it does on the whole: the mean of the last steps, as the axis shows them. */
export class Curve {
  /** Where a row is of several steps, the least of them in one row, the largest in the next: noise keeps its width. */
  readonly each: Column = [];
  /** With gaps, in a long run. */
  readonly mean: Column = [];
  /** Of all values up to the end of a row, and how many there were. */
  private readonly sums = [0];
  private readonly counts = [0];
  /** The first row of gaps. */
  private end = Infinity;
  /** In rows. */
  private window = windowFor(0);
  private stride = strideFor(0);

  constructor(
    private readonly toAxis: (value: number) => number = (value) => value,
    private readonly fromAxis: (value: number) => number = (value) => value,
  ) {}

  /** What is missing is a gap, and no part of a mean. @param opens it is the first of a row. */
  add(value: number | null, opens = true): void {
    const row = opens ? this.each.length : this.each.length - 1;
    const before = opens ? row : row + 1;
    this.sums[row + 1] = this.sums[before]! + (value === null ? 0 : this.toAxis(value));
    this.counts[row + 1] = this.counts[before]! + (value === null ? 0 : 1);
    this.each[row] = opens ? value : outer(row, this.each[row]!, value);
    this.mean[row] = this.meanAt(row);
  }

  /** A step that there isn't, after the last one there is: what is missing there is no part of the run, and has no mean. */
  addGap(opens: boolean): void {
    this.add(null, opens);
    this.end = Math.min(this.end, opens ? this.each.length - 1 : this.each.length);
    this.mean[this.mean.length - 1] = this.meanAt(this.mean.length - 1);
  }

  /** Two rows become one. */
  halve(): void {
    this.end = Math.ceil(this.end / 2);
    const rows = this.each.length / 2;
    for (let i = 0; i < rows; i++) {
      this.each[i] = outer(i, this.each[2 * i]!, this.each[2 * i + 1]!);
      this.sums[i + 1] = this.sums[2 * i + 2]!;
      this.counts[i + 1] = this.counts[2 * i + 2]!;
    }
    this.each.length = this.mean.length = rows;
    this.sums.length = this.counts.length = rows + 1;
    this.smooth(this.window / 2, this.stride / 2, true);
  }

  /** @param window rows that a mean is of. @param stride rows from one to the next. */
  smooth(window: number, stride: number, force = false): void {
    const [rows, gap] = [Math.max(1, Math.round(window)), Math.max(1, Math.floor(stride))];
    if (rows === this.window && gap === this.stride && !force) return;
    this.window = rows;
    this.stride = gap;
    for (let i = 0; i < this.mean.length; i++) this.mean[i] = this.meanAt(i);
  }

  /** Mean of all that these rows have, `end` left out; null where they have nothing. */
  meanOf(begin: number, end: number): number | null {
    const count = this.counts[end]! - this.counts[begin]!;
    return count ? this.fromAxis((this.sums[end]! - this.sums[begin]!) / count) : null;
  }

  private meanAt(row: number): number | null {
    return row % this.stride || row >= this.end ? null : this.meanOf(Math.max(0, row + 1 - this.window), row + 1);
  }
}

function outer(row: number, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return row % 2 ? Math.max(a, b) : Math.min(a, b);
}
