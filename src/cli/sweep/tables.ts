import { figure } from '../../figures.ts';
import { estimateText } from '../../report/comparison_text.ts';
import type { JsonOptions, SweepFile, TrialRecord } from '../../report/sweep_file.ts';
import { configurationsByMetric } from '../../report/sweep_rows.ts';
import { table } from '../tables.ts';
import { valueText } from './trials.ts';

/** The paths of the varied options, which are columns of the tables. */
const pathsOf = (trials: readonly TrialRecord[]): string[] => Object.keys(trials[0]?.varied ?? {});
const cellsOf = (paths: readonly string[], varied: JsonOptions) => paths.map((path) => valueText(varied[path] ?? null));

/** A line for a trial that has ended, or has reached an epoch at which asha decides. */
export function trialLine(record: TrialRecord, done: string, left?: string): string {
  const { varied, seed, metric, status, seconds, epochs = 0 } = record;
  const cells = [
    done,
    ...Object.entries(varied).map(([path, value]) => `${path} ${valueText(value)}`),
    `seed ${seed}`,
    metric === null ? 'no figure' : figure(metric),
    status === 'waiting' ? `epoch ${epochs}` : status,
    `${seconds.toFixed(1)} s`,
    ...(left === undefined ? [] : [`${left} left`]),
  ];
  return cells.join('  |  ');
}

/** The configurations from best to worst, each with its mean over the seeds. */
export function sweepTable(file: SweepFile, most = Infinity): string {
  const rows = configurationsByMetric(file);
  const paths = pathsOf(file.trials);
  const kinds = new Set(rows.flatMap(({ kind }) => kind ?? []));
  const head = ['', ...paths, file.metric.name, 'seeds', 'epochs', 'status', ...(kinds.size > 1 ? ['adapter'] : [])];
  const cells = rows
    .slice(0, most)
    .map((row, i) => [
      String(i + 1),
      ...cellsOf(paths, row.varied),
      estimateText(row.estimate, figure) || 'none',
      String(row.estimate.n),
      String(row.epochs),
      row.status,
      ...(kinds.size > 1 ? [row.kind ?? ''] : []),
    ]);
  return table(head, cells, 1 + paths.length);
}
