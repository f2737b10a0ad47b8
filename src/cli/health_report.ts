import { counted, figure } from '../figures.ts';
import { remedyWords } from '../health/remedies.ts';
import type { TrainingLog } from '../health/training_log.ts';
import { timeInVerdicts } from '../health/verdicts.ts';
import type { LayerHealth, RunVerdict, StepRecord, Verdict, VerdictName } from '../index.ts';
import { table } from './tables.ts';

/** The lines of `wgrad train` about gradient health: functions that format facts as text. */

const says: Record<VerdictName, string> = {
  healthy: 'is healthy',
  weakening: 'weakens',
  vanishing: 'vanishes',
  exploding: 'explodes',
  symmetric: 'is symmetric',
  dead: 'is dead',
  saturated: 'is saturated',
  'non-finite': 'is not finite',
};

/**
 * A line for each verdict that changed. Layers that are healthy from the start share one, and consecutive verdicts with the same
 * remedy print it once.
 *
 * @param changed in order.
 * @param before the earlier verdicts.
 */
export function verdictLines(changed: readonly Verdict[], before: readonly Verdict[]): string[] {
  const lines: string[] = [];
  const isFirst = ({ layer, verdict }: Verdict) =>
    verdict === 'healthy' && !before.some((earlier) => earlier.layer === layer);
  const healthy = changed.filter(isFirst);
  if (healthy.length > 0) {
    const step = Math.min(...healthy.map(({ step }) => step));
    lines.push(`${stepOf(step)}healthy: ${healthy.map(({ layer }) => layer).join(', ')}`);
  }
  const others = changed.filter((verdict) => !isFirst(verdict));
  for (const [i, { layer, verdict, step, sentence, remedy }] of others.entries()) {
    lines.push(`${stepOf(step)}${layer} ${says[verdict]}: ${sentence}`);
    if (remedy && remedy !== others[i + 1]?.remedy)
      lines.push(`${' '.repeat(stepOf(step).length)}what helps: ${remedy}`);
  }
  return lines;
}

/** The verdict on the run, its cause and its remedies: one line each. */
export function runVerdictLines({ verdict, sentence, cause, causeType, remedies }: RunVerdict): string[] {
  return [
    `run      ${verdict}: ${sentence}`,
    ...(cause
      ? [
          causeType === undefined
            ? `         ${cause}`
            : `         ${verdict === 'learning' || verdict === 'done' ? 'held back by' : 'likely cause'}: ${cause}`,
        ]
      : []),
    ...(remedies.length > 0 ? [`         what helps: ${remedyWords(remedies)}`] : []),
  ];
}

const stepOf = (step: number) => `step ${step}  `;

/** Number of steps at the end of a run over which its figures are averaged, because those of a single batch are noisy. */
const lastSteps = 100;

/** The final state of every layer: its verdict, the time in each verdict, and its figures; undefined if health was off. */
export function healthTable(log: TrainingLog): string | undefined {
  const steps = log.steps.filter(({ skipped, health }) => health && !skipped).slice(-lastSteps);
  const last = log.steps.at(-1);
  if (steps.length === 0 || !last?.health) return undefined;
  const layers = Object.keys(steps[0]!.health!.layers);
  const rows = layers.map((layer) => {
    const mean = (of: (health: LayerHealth) => number | undefined) =>
      geometricMean(steps.map((step) => of(step.health!.layers[layer]!)));
    const lowest = layers.at(-1)!;
    return [
      layer,
      log.verdicts.findLast((verdict) => verdict.layer === layer)?.verdict ?? 'too few steps',
      timeText(log, layer, last.step),
      figure(mean(({ gradientNorm }) => gradientNorm)),
      figure(mean(({ updateRatio }) => updateRatio)),
      figure(mean(({ transport }) => transport)),
      figure(
        geometricMean(steps.map(({ health }) => health!.layers[layer]!.deltaRms / health!.layers[lowest]!.deltaRms)),
      ),
      deadText(log, layer),
    ];
  });
  const head = ['layer', 'verdict', 'time in it', 'gradient norm', 'update ratio', 'transport', 'relative', 'dead'];
  const note = `over the last ${counted(steps.length, 'step')}; transport: the gradient's RMS over that of the next layer; relative: over that of the last layer`;
  return `${table(head, rows, 3)}\n${note}`;
}

/**
 * Ratios are averaged by their logarithms. Zeros and non-finite values have none; if there are no others, the mean is 0 or
 * undefined.
 */
function geometricMean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value): value is number => Number.isFinite(value));
  const positive = known.filter((value) => value > 0);
  if (positive.length === 0) return known.length > 0 ? 0 : undefined;
  return Math.exp(positive.reduce((sum, value) => sum + Math.log(value), 0) / positive.length);
}

function timeText(log: TrainingLog, layer: string, lastStep: number): string {
  const time = Object.entries(timeInVerdicts(log.verdicts, layer, lastStep));
  const whole = time.reduce((sum, [, steps]) => sum + steps, 0);
  const share = (steps: number) => `${Number(((100 * steps) / whole).toPrecision(3))} %`;
  return time
    .sort(([, a], [, b]) => b - a)
    .map(([verdict, steps]) => (time.length === 1 ? share(steps) : `${verdict} ${share(steps)}`))
    .join(', ');
}

/**
 * Dead units at the end of the last complete epoch, or at the end of the run if none is complete; only for layers that can output
 * zeros.
 */
function deadText(log: TrainingLog, layer: string): string {
  const step = endOfEpoch(log) ?? log.steps.at(-1);
  const health = step?.health?.layers[layer];
  return health && (health.dead > 0 || health.activation.zeros > 0) ? `${health.dead} of ${health.units}` : '';
}

function endOfEpoch({ steps, stepsPerEpoch }: TrainingLog): StepRecord | undefined {
  return steps[stepsPerEpoch * Math.floor(steps.length / stepsPerEpoch) - 1];
}
