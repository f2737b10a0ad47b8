import type { StepRecord } from './history.ts';

/** Sums over consecutive steps. */
export interface LossSums {
  steps: number;
  samples: number;
  /** Sums of loss times samples, and of accuracy times samples. */
  loss: number;
  accuracy: number;
}

/** The losses of a run so far, in at most `mostStretches` stretches of equal length, as plain data. */
export interface LossStretches {
  /** Steps per stretch; the last one may have fewer. */
  span: number;
  stretches: LossSums[];
}

export const mostStretches = 64;

const add = (a: LossSums, b: LossSums): LossSums => ({
  steps: a.steps + b.steps,
  samples: a.samples + b.samples,
  loss: a.loss + b.loss,
  accuracy: a.accuracy + b.accuracy,
});

const empty: LossSums = { steps: 0, samples: 0, loss: 0, accuracy: 0 };

/** Adds a step that was not skipped, in place. */
export function addLoss(losses: LossStretches, { loss, accuracy = 0, samples }: StepRecord): void {
  const step = { steps: 1, samples, loss: loss * samples, accuracy: accuracy * samples };
  const { stretches } = losses;
  const last = stretches.at(-1);
  if (last && last.steps < losses.span) {
    stretches[stretches.length - 1] = add(last, step);
    return;
  }
  if (stretches.length === mostStretches) {
    losses.span *= 2;
    const pairs = Array.from({ length: mostStretches / 2 }, (_, i) => add(stretches[2 * i]!, stretches[2 * i + 1]!));
    stretches.splice(0, mostStretches, ...pairs);
  }
  stretches.push(step);
}

/** Mean losses and accuracies of the four quarters of a run. */
export function quartersOf({ stretches }: LossStretches): { loss: number; accuracy: number; steps: number }[] {
  const cut = (quarter: number) => Math.floor((quarter * stretches.length) / 4);
  return [0, 1, 2, 3].map((quarter) => {
    const sum = stretches.slice(cut(quarter), cut(quarter + 1)).reduce(add, empty);
    return { loss: sum.loss / sum.samples, accuracy: sum.accuracy / sum.samples, steps: sum.steps };
  });
}

export const stepsOf = ({ stretches }: LossStretches): number => stretches.reduce((sum, { steps }) => sum + steps, 0);
