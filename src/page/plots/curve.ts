import { strideFor, windowFor } from './axes.ts';

/** A curve's values, one per row; null for a gap. */
export type Column = (number | null)[];

/** A noisy value per step, and its moving average over the last steps, with a window that depends on the axis. */
export class Curve {
  /** If a row has several steps, rows alternate between their minimum and maximum, which preserves the width of the noise. */
  readonly each: Column = [];
  /** Has gaps in a long run. */
  readonly mean: Column = [];
  /** Cumulative sums of all values up to the end of each row, and their counts. */
  private readonly sums = [0];
  private readonly counts = [0];
  /** The first row of a gap at the end. */
  private end = Infinity;
  /** Measured in rows. */
  private window = windowFor(0);
  private stride = strideFor(0);

  constructor(
    private readonly toAxis: (value: number) => number = (value) => value,
    private readonly fromAxis: (value: number) => number = (value) => value,
  ) {}

  /** A missing value is a gap and is not part of a mean. @param opens whether it is the first of a row. */
  add(value: number | null, opens = true): void {
    const row = opens ? this.each.length : this.each.length - 1;
    const before = opens ? row : row + 1;
    this.sums[row + 1] = this.sums[before]! + (value === null ? 0 : this.toAxis(value));
    this.counts[row + 1] = this.counts[before]! + (value === null ? 0 : 1);
    this.each[row] = opens ? value : outer(row, this.each[row]!, value);
    this.mean[row] = this.meanAt(row);
  }

  /** Adds a step that this run does not have, after its last one; unlike a missing value within the run, it has no mean. */
  addGap(opens: boolean): void {
    this.add(null, opens);
    this.end = Math.min(this.end, opens ? this.each.length - 1 : this.each.length);
    this.mean[this.mean.length - 1] = this.meanAt(this.mean.length - 1);
  }

  /** Merges every two rows. */
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

  /** @param window number of rows in the moving average. @param stride rows between two of its points. */
  smooth(window: number, stride: number, force = false): void {
    const [rows, gap] = [Math.max(1, Math.round(window)), Math.max(1, Math.floor(stride))];
    if (rows === this.window && gap === this.stride && !force) return;
    this.window = rows;
    this.stride = gap;
    for (let i = 0; i < this.mean.length; i++) this.mean[i] = this.meanAt(i);
  }

  /** Mean of all values in the rows from `begin` to before `end`; null if there are none. */
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
