import { csvCell } from '../../../csv_cell.ts';
import { healthReader } from '../../../health/health_table.ts';
import type { History } from '../run/run.ts';

/** A row for each step, with the names of `wgrad train --csv`; the validation is in the row of an epoch's last step. */
export function csvOf({ steps, epochs, health }: History): string {
  const figuresOf = healthReader(health);
  const rows = steps.map(({ step, epoch, loss, accuracy, meanAbsoluteError, learningRate, gradientNorms }, i) => {
    const isLast = steps[i + 1]?.epoch !== epoch;
    const { validationLoss, validationAccuracy } = (isLast ? epochs[epoch - 1] : undefined) ?? {};
    const row = new Map<string, number | null | undefined>([
      ...Object.entries({ step, epoch, loss, accuracy, meanAbsoluteError, learningRate }),
      ...Object.entries(gradientNorms).map(([layer, norm]) => [`${layer}.gradientNorm`, norm] as const),
    ]);
    for (const [layer, figures] of Object.entries(figuresOf(step) ?? {})) {
      for (const [name, value] of Object.entries(figures)) row.set(`${layer}.${name}`, value);
    }
    return row.set('validationLoss', validationLoss).set('validationAccuracy', validationAccuracy);
  });
  const known = ({ 1: value }: [string, unknown]) => value !== undefined && value !== null;
  const columns = [...new Set(rows.flatMap((row) => [...row].filter(known).map(([name]) => name)))];
  const lines = rows.map((row) => columns.map((name) => row.get(name)));
  return [columns, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}
