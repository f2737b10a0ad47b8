import { figure } from '../figures.ts';
import type { LearningRateCurve, LearningRateFinderOptions, LearningRatePoint } from '../index.ts';
import { fillFinderOptions } from '../train/learning_rate_finder.ts';
import { withRun } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { table } from './tables.ts';
import { writeJson } from './whole_file.ts';

export interface LearningRateFindOptions
  extends RunOptions,
    Required<Pick<LearningRateFinderOptions, 'from' | 'to' | 'steps'>> {}

/** `wgrad lr-find` */
export async function findLearningRate(options: LearningRateFindOptions): Promise<void> {
  const { from, to, steps, json } = options;
  fillFinderOptions({ from, to, steps });
  await withRun(options, {}, async ({ session, adapter, config }) => {
    const curve = await session.call('findLearningRate', { from, to, steps });
    for (const line of curveLines(curve)) console.log(line);
    if (json) writeJson(json, { config, adapter, learningRateCurve: curve });
  });
}

const ends = {
  complete: 'all steps were run',
  diverged: 'it ended early, because the loss had grown to several times its lowest',
  notFinite: 'it ended early, because the loss or a gradient was not finite',
  aborted: 'it was stopped',
};

/** Number of columns of the small curve, and of rows of the table. */
const [columns, rowsMost] = [60, 12];

/** The output of the command: the table, the curve, the suggestion. */
function curveLines({ points, suggestion, reason, ended }: LearningRateCurve): string[] {
  const shown = everyFew(points, rowsMost).map(({ learningRate, loss, smoothedLoss }) => [
    figure(learningRate),
    figure(loss),
    figure(smoothedLoss),
  ]);
  const [first, last] = [points[0], points.at(-1)];
  return [
    ...(first && last
      ? [
          table(['learning rate', 'loss', 'smoothed loss'], shown, 0),
          `loss     ${sparkline(everyFew(points, columns).map(({ smoothedLoss }) => smoothedLoss))}`,
          `rates    ${figure(first.learningRate)} to ${figure(last.learningRate)}, ${points.length} steps: ${ends[ended]}`,
        ]
      : [`rates    none: ${ends[ended]}`]),
    suggestion === undefined ? `suggest  none: ${reason}` : `suggest  --learning-rate ${suggestion}: ${reason}`,
  ];
}

/** At most `most` of the elements, evenly spaced, including the first and the last. */
function everyFew<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]!);
}

const blocks = [...'▁▂▃▄▅▆▇█'];

/** The curve is clipped at twice the first loss: if the loss diverges, the rest would look flat. */
function sparkline(losses: readonly LearningRatePoint['smoothedLoss'][]): string {
  const lowest = Math.min(...losses);
  const highest = Math.min(Math.max(...losses), 2 * losses[0]!);
  const range = highest - lowest || 1;
  return losses
    .map((loss) => blocks[Math.min(blocks.length - 1, Math.floor((blocks.length * (loss - lowest)) / range))])
    .join('');
}
