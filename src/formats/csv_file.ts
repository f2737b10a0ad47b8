import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { csvCell } from '../csv_cell.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import type { RunEvent } from '../health/run_events.ts';
import { type Column, columnsOf } from './step_columns.ts';

/**
 * Writes one row per step, immediately, so that a crash loses no reported step. Columns: step, epoch, the figures of `columnsOf`,
 * the validation figures in the row of an epoch's last step, `nonFinite.layer` and `nonFinite.pass` for the origin of the first
 * non-finite value, and `<layer>.verdict`, empty until the layer has a verdict. Non-finite values are written as NaN, Infinity and
 * -Infinity.
 *
 * If there is validation, the row of an epoch's last step is written after it.
 */
export class CsvFile {
  private readonly file: number;
  private columns: string[] | undefined;
  private readonly verdicts = new Map<string, string>();

  /** Number of steps up to `after` whose rows are not in the file, because the file is from another run or was removed. */
  readonly missing: number = 0;

  /** Last step of an epoch whose validation has not been reported yet. */
  private waiting: StepRecord | undefined;

  /**
   * @param after step at which a resumed run continues: earlier rows are kept and later ones are written again.
   * @param ofEpochs columns that are filled at the end of an epoch: fields of an epoch's record, `name.0` and so on for a list.
   */
  constructor(
    path: string,
    after = 0,
    private readonly ofEpochs: readonly string[] = [],
  ) {
    const before = after > 0 ? rowsUpTo(path, after) : undefined;
    this.missing = after - (before?.step ?? 0);
    if (before) truncateSync(path, before.bytes);
    this.file = openSync(path, before ? 'a' : 'w');
    if (!before) return;
    this.columns = before.columns;
    for (const [i, column] of before.columns.entries()) {
      const layer = /^(.*)\.verdict$/.exec(column)?.[1];
      if (layer && before.cells[i]) this.verdicts.set(layer, before.cells[i]);
    }
  }

  add(events: readonly RunEvent[]): void {
    let text = '';
    let step = this.waiting;
    let isLast = step !== undefined;
    const finish = (epoch?: EpochRecord) => {
      if (step) text += this.row(step, epoch);
      step = undefined;
      isLast = false;
    };
    for (const item of events) {
      if ('step' in item) {
        finish();
        step = item.step;
        isLast = this.ofEpochs.length > 0 && step.step % item.epochSteps === 0;
      } else if ('epoch' in item) {
        finish(item.epoch);
      } else if ('verdict' in item) {
        // A verdict arrives after the step that caused it, in the same bundle, and belongs to that step's row.
        this.verdicts.set(item.verdict.layer, item.verdict.verdict);
      }
    }
    this.waiting = isLast ? step : undefined;
    if (!isLast) finish();
    if (text) writeSync(this.file, text);
  }

  close(): void {
    try {
      if (this.waiting) writeSync(this.file, this.row(this.waiting));
    } finally {
      closeSync(this.file);
    }
  }

  private row(step: StepRecord, epoch?: EpochRecord): string {
    const figures = new Map(columnsOf(step).map((column) => [nameOf(column), column.value]));
    const layers = Object.keys(step.gradientNorms);
    const first = step.health?.firstNonFinite;
    const cells = new Map<string, string>([
      ['step', String(step.step)],
      ['epoch', String(step.epoch)],
      ...[...figures].map(([name, value]): [string, string] => [name, numberText(value)]),
      ...this.ofEpochs.map((name): [string, string] => [name, epoch ? cellOf(epoch, name) : '']),
      ...(step.health
        ? ([
            ['nonFinite.layer', first?.layer ?? ''],
            ['nonFinite.pass', first?.pass ?? ''],
            ...layers.map((layer) => [`${layer}.verdict`, this.verdicts.get(layer) ?? '']),
          ] as [string, string][])
        : []),
    ]);
    if (this.columns) return line(this.columns.map((name) => cells.get(name) ?? ''));
    this.columns = [...cells.keys()];
    return line(this.columns) + line([...cells.values()]);
  }
}

/** Value of a column in an epoch's record: `name`, or `name.3` for a list. */
function cellOf(epoch: EpochRecord, column: string): string {
  const [name, index] = column.split('.');
  const value = (epoch as unknown as Record<string, unknown>)[name!];
  const cell = index === undefined ? value : (value as number[] | undefined)?.[Number(index)];
  return typeof cell === 'number' ? numberText(cell) : '';
}

const nameOf = ({ layer, name }: Column) => (layer === undefined ? name : `${layer}.${name}`);

/** The shortest decimal number that is read back as the same float32. */
function numberText(value: number): string {
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** Formats a line as in RFC 4180, but with Unix line endings. */
const line = (cells: readonly string[]) => `${cells.map(csvCell).join(',')}\n`;

/** Parses the cells of a line written by `line`. */
const cellsOf = (text: string): string[] =>
  [...text.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .slice(0, -1)
    .map(([, cell]) => (cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!));

/** The rows of a file up to a step; undefined if it has none. A last line without a line break was truncated by a crash. */
function rowsUpTo(
  path: string,
  step: number,
): { bytes: number; columns: string[]; cells: string[]; step: number } | undefined {
  if (!existsSync(path) || !statSync(path).isFile()) return undefined;
  const file = readFileSync(path);
  const headEnd = file.indexOf(10) + 1;
  const columns = cellsOf(file.toString('utf8', 0, Math.max(0, headEnd - 1)));
  if (columns[0] !== 'step') return undefined;
  for (let end = file.lastIndexOf(10) + 1; end > headEnd; ) {
    const start = file.lastIndexOf(10, end - 2) + 1;
    const cells = cellsOf(file.toString('utf8', start, end - 1));
    if (Number(cells[0]) <= step) return { bytes: end, columns, cells, step: Number(cells[0]) };
    end = start;
  }
  return undefined;
}
