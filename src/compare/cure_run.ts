import { median } from 'simple-statistics';
import type { Verdict, VerdictName } from '../health/health.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import { badVerdicts, runThresholds } from '../health/run_watch.ts';

/** The summary of a run: a few figures, and no step records. null stands for values that could not be measured. */
export interface CureRun {
  network: string;
  /** `untreated`, or the name of a cure. */
  cure: string;
  seed: number;
  /** Number of steps taken. */
  steps: number;
  /**
   * RMS of delta of the first layer over that of the last one: the median over the steps of the first epoch, and of the last epoch.
   */
  early: number | null;
  late: number | null;
  /** Fraction of the steps in which a layer had a bad verdict. */
  bad: number;
  /** Fraction of the steps in which a layer had each verdict that is not `healthy`. */
  verdicts: Partial<Record<VerdictName, number>>;
  /** The first step after which the mean loss of `chanceSteps` steps was below 0.95 of chance level; null if there is none. */
  leftChance: number | null;
  /** Mean over the last epoch, measured during training on the images of each step. */
  loss: number | null;
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** Median over all epochs except the first, which includes the creation of the pipelines. */
  stepMs: number | null;
  /** Non-finite numbers ended the run after this step; its validation uses the weights of that step. */
  broke?: number;
}

/** Number of steps whose mean loss is compared with chance level: a single batch's loss is too noisy. */
const chanceSteps = 20;

/** The events of a run that determine its figures. */
interface RunEvents {
  steps: readonly StepRecord[];
  epochs: readonly EpochRecord[];
  verdicts: readonly Verdict[];
}

/**
 * The figures of a run.
 *
 * @param chance the loss at chance level. @param validation of a run that broke off, which has no last epoch.
 */
export function figuresOf(
  { steps, epochs, verdicts }: RunEvents,
  chance: number | undefined,
  validation?: { loss?: number | undefined; accuracy?: number | undefined },
): Omit<CureRun, 'network' | 'cure' | 'seed'> {
  const lastEpoch = steps.at(-1)?.epoch;
  const last = validation ? undefined : epochs.at(-1);
  const transport = (epoch: number | undefined) =>
    medianOf(steps.flatMap((step) => (step.epoch === epoch && step.health ? [step.health.transport] : [])));
  const shares = shareOfSteps(verdicts, steps.length);
  return {
    steps: steps.length,
    early: transport(1),
    late: transport(lastEpoch),
    ...shares,
    leftChance: chance === undefined ? null : stepBelow(steps, runThresholds.nothing * chance),
    loss: rounded(last?.loss),
    validationLoss: rounded(validation ? validation.loss : last?.validationLoss),
    validationAccuracy: rounded(validation ? validation.accuracy : last?.validationAccuracy),
    stepMs: medianOf(epochs.slice(1).map(({ epoch, seconds }) => (1000 * seconds) / stepsOfEpoch(steps, epoch))),
    ...(validation && { broke: steps.length }),
  };
}

const stepsOfEpoch = (steps: readonly StepRecord[], epoch: number) =>
  steps.reduce((sum, step) => sum + Number(step.epoch === epoch), 0);

/** Six digits are more precise than the variation between seeds, and keep a file of hundreds of runs small. */
const rounded = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(6)) : null;

/** Median of the finite values; null if there are none. */
function medianOf(values: readonly number[]): number | null {
  const finite = values.filter(Number.isFinite);
  return finite.length > 0 ? rounded(median(finite)) : null;
}

function stepBelow(steps: readonly StepRecord[], level: number): number | null {
  const counted = steps.filter(({ skipped }) => !skipped);
  let sum = 0;
  for (const [i, { step, loss }] of counted.entries()) {
    sum += loss - (i >= chanceSteps ? counted[i - chanceSteps]!.loss : 0);
    if (i + 1 >= chanceSteps && sum / chanceSteps < level) return step;
  }
  return null;
}

/** The fraction of steps in which any layer had each verdict, and any bad one. */
function shareOfSteps(verdicts: readonly Verdict[], steps: number): Pick<CureRun, 'bad' | 'verdicts'> {
  const current = new Map<string, VerdictName>();
  const counts = new Map<VerdictName | 'bad', number>();
  for (let step = 1, next = 0; step <= steps; step++) {
    for (; next < verdicts.length && verdicts[next]!.step <= step; next++)
      current.set(verdicts[next]!.layer, verdicts[next]!.verdict);
    const now = new Set(current.values());
    for (const name of now) if (name !== 'healthy') counts.set(name, (counts.get(name) ?? 0) + 1);
    if (badVerdicts.some((name) => now.has(name))) counts.set('bad', (counts.get('bad') ?? 0) + 1);
  }
  const share = (of: number) => rounded(of / steps) ?? 0;
  const { bad = 0, ...others } = Object.fromEntries([...counts].map(([name, times]) => [name, share(times)]));
  return { bad, verdicts: others };
}
