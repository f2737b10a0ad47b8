import { countedMetrics, figuresOf, validationName } from '../model/metrics/index.ts';
import { Tally } from '../model/metrics/tally.ts';
import type { Measured } from '../train/monitor.ts';

/**
 * The columns of --csv that the end of an epoch fills, under the names of its record: `validationF1Score`, and of a figure by
 * class `validationF1ScoreByClass.0` and on. A matrix is left out.
 *
 * @param outputs of the model.
 */
export function epochColumns({ validation, accuracy = true, metrics = [] }: Measured, outputs: number): string[] {
  if (!validation) return [];
  // The figures of an empty tally have the same names and sizes as those of any other.
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
