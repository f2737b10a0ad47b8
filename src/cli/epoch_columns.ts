import { countedMetrics, figuresOf, validationName } from '../model/metrics/index.ts';
import { Tally } from '../model/metrics/tally.ts';
import type { Measured } from '../train/monitor.ts';

/**
 * The columns of --csv that are filled at the end of an epoch, named as in its record: `validationF1Score`, and for a figure by
 * class `validationF1ScoreByClass.0` etc. Matrices are left out.
 *
 * @param outputs number of the model's outputs.
 */
export function epochColumns({ validation, accuracy = true, metrics = [] }: Measured, outputs: number): string[] {
  if (!validation) return [];
  // The figures of an empty tally have the same names and sizes as any other's.
  const figures = Object.entries(figuresOf(countedMetrics(metrics), new Tally(outputs)));
  return ['loss', accuracy ? 'accuracy' : 'meanAbsoluteError']
    .map((name) => validationName(name) as string)
    .concat(
      figures.flatMap(([name, value]) => {
        if (!Array.isArray(value)) return validationName(name);
        return value.every(Array.isArray) ? [] : value.map((_, i) => `${validationName(name)}.${i}`);
      }),
    );
}
