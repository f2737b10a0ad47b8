import { median } from 'simple-statistics';
import { table } from '../../src/cli/tables.ts';
import { WgradError } from '../../src/errors.ts';
import { figure, fixed } from '../../src/figures.ts';
import { type ContenderName, contenders, type Timed } from './protocol.ts';

/** Pure functions of the peer benchmark: they plan, compute, verify and format. peers.ts runs it. */

/** A contender's figures at one batch size. */
export interface Measured {
  name: ContenderName;
  /** From the loaded page to the first finished step. */
  startupMs: number;
  rounds: Timed[];
  /** Losses of every step since the start, including the warm-up: the n-th step uses the same images for all contenders. */
  losses: number[];
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Total time of all rounds of a batch size, unless the minimum or maximum number of rounds applies. */
const roundsMs = 100_000;
const [fewestRounds, mostRounds] = [3, 5];
/** The floats of these images are kept on the GPU during training. */
const mostImages = 51_200;

/**
 * Number of rounds, and number of steps per turn of each contender.
 *
 * @param stepMs time of a warm step of each contender.
 * @param turnMs duration of a turn, which has at least one step.
 */
export function planRounds(stepMs: number[], batchSize: number, turnMs: number): { rounds: number; steps: number[] } {
  const most = Math.max(1, Math.floor(mostImages / batchSize));
  const steps = stepMs.map((ms) => Math.max(1, Math.min(most, Math.floor(turnMs / ms))));
  const roundMs = steps.reduce((sum, count, i) => sum + count * stepMs[i]!, 0);
  return { rounds: Math.max(fewestRounds, Math.min(mostRounds, Math.floor(roundsMs / roundMs))), steps };
}

/** Milliseconds per step, over the rounds. */
export function msPerStep({ rounds }: Measured): Spread {
  return spreadOf(rounds.map(({ ms, steps }) => ms / steps));
}

/** Speed of `one` relative to `other`, compared round by round, because other load on the machine affects both in a round. */
export function ratio(one: Measured, other: Measured): Spread {
  const perStep = ({ ms, steps }: Timed) => ms / steps;
  return spreadOf(one.rounds.map((round, i) => perStep(other.rounds[i]!) / perStep(round)));
}

function spreadOf(values: number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

const firstLossesWithin = 1e-3;
/** Rounding differs, and Adam amplifies differences where a gradient is nearly zero. */
const laterLossesWithin = 1e-2;
const lossesCompared = 8;

/** Number of steps that all contenders have done. */
export const commonSteps = (all: Measured[]): number => Math.min(...all.map(({ losses }) => losses.length));

/**
 * With the same weights, images and optimizer, the losses must be the same, before the first update and after several.
 *
 * @throws WgradError if they differ, because then a contender trains something else.
 */
export function checkLosses(all: Measured[]): void {
  const comparable = all.filter(({ name }) => name !== 'wgrad, augmented');
  const steps = Math.min(lossesCompared, commonSteps(comparable));
  for (let step = 0; step < steps; step++) {
    const losses = comparable.map((it) => it.losses[step]!);
    const within = step === 0 ? firstLossesWithin : laterLossesWithin;
    if (Math.max(...losses) - Math.min(...losses) <= within) continue;
    throw new WgradError({
      what: `The losses of step ${step + 1} differ: not everybody trains the same`,
      found: comparable.map(({ name, losses }) => `${name} ${losses[step]}`).join(', '),
      expected: `a difference of at most ${within}`,
    });
  }
}

export interface Scale {
  batchSize: number;
  flopsAnImage: number;
  /** GFLOP/s of multiply-adds on registers. */
  ceiling: number;
}

/** The reported figures of a contender. */
export function figuresOf(it: Measured, { batchSize, flopsAnImage, ceiling }: Scale) {
  const perStep = msPerStep(it);
  const imagesPerSecond = (1000 * batchSize) / perStep.median;
  const gflops = (imagesPerSecond * flopsAnImage) / 1e9;
  return {
    name: it.name,
    startupMs: it.startupMs,
    msPerStep: perStep,
    imagesPerSecond,
    gflops,
    shareOfCeiling: gflops / ceiling,
    stepsTimed: it.rounds.reduce((sum, { steps }) => sum + steps, 0),
    rounds: it.rounds.map(({ steps, ms }) => ({ steps, ms })),
    losses: it.losses,
  };
}

export function peersTable(all: Measured[], scale: Scale): string {
  const common = commonSteps(all);
  const count = all[0]!.rounds.length;
  const rows = all.map((it) => {
    const { name, startupMs, msPerStep, imagesPerSecond, gflops, shareOfCeiling, stepsTimed, losses } = figuresOf(
      it,
      scale,
    );
    return [
      name,
      (startupMs / 1000).toFixed(2),
      figure(msPerStep.median),
      `${figure(msPerStep.min)} to ${figure(msPerStep.max)}`,
      figure(imagesPerSecond),
      figure(gflops),
      `${(100 * shareOfCeiling).toFixed(1)} %`,
      String(stepsTimed),
      `${fixed(losses[0])}, ${fixed(losses[common - 1])}`,
    ];
  });
  const head = [
    `batch ${scale.batchSize}, ${count} ${count === 1 ? 'round' : 'rounds'}`,
    'start-up s',
    'ms a step',
    'from to',
    'images/s',
    'GFLOP/s',
    'of ceiling',
    'steps timed',
    `loss, at step ${common}`,
  ];
  return table(head, rows);
}

export function ratioLine(all: Measured[], batchSize: number): string {
  const [wgrad] = all;
  const parts = peersOf(all).map((peer) => {
    const { median, min, max } = ratio(wgrad!, peer);
    return `${median.toFixed(1)} x ${peer.name} (${min.toFixed(1)} to ${max.toFixed(1)})`;
  });
  return `${wgrad!.name} does at batch ${batchSize}, in images/s: ${parts.join(', ')}`;
}

export function peersOf(all: Measured[]): Measured[] {
  return all.filter(({ name }) => !name.startsWith(contenders[0]));
}
