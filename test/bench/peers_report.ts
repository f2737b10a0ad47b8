import { median } from 'simple-statistics';
import { table } from '../../src/cli/tables.ts';
import { WgradError } from '../../src/errors.ts';
import { figure, fixed } from '../../src/figures.ts';
import type { CompiledModel } from '../../src/model/graph.ts';
import { images } from '../../src/model/wiring.ts';
import { type ContenderName, contenders, type Timed } from './protocol.ts';

/** What the bench beside the peers plans, computes, makes sure of and prints. Functions; running it is peers.ts'. */

/** A contender's figures at one batch size. */
export interface Measured {
  name: ContenderName;
  /** From the loaded page to the first finished step. */
  startupMs: number;
  rounds: Timed[];
  /** Of every step since the start, the warm-up too: the n-th is on the same images for everybody. */
  losses: number[];
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** All rounds of a batch size take about this long where it lies between the fewest rounds and the most. */
const roundsMs = 100_000;
const [fewestRounds, mostRounds] = [3, 5];
/** Their floats are held on the GPU while they are trained on. */
const mostImages = 51_200;

/**
 * How many rounds, and how many steps each contender does in its turn.
 *
 * @param stepMs what a warm step of each takes.
 * @param turnMs how long a turn lasts; one step at least.
 */
export function planRounds(stepMs: number[], batchSize: number, turnMs: number): { rounds: number; steps: number[] } {
  const most = Math.max(1, Math.floor(mostImages / batchSize));
  const steps = stepMs.map((ms) => Math.max(1, Math.min(most, Math.floor(turnMs / ms))));
  const roundMs = steps.reduce((sum, count, i) => sum + count * stepMs[i]!, 0);
  return { rounds: Math.max(fewestRounds, Math.min(mostRounds, Math.floor(roundsMs / roundMs))), steps };
}

/** Milliseconds a step, over the rounds. */
export function msPerStep({ rounds }: Measured): Spread {
  return spreadOf(rounds.map(({ ms, steps }) => ms / steps));
}

/**
 * How many times as fast as `other` `one` is. Compared round by round: what else the machine does meets both of a round.
 */
export function ratio(one: Measured, other: Measured): Spread {
  const perStep = ({ ms, steps }: Timed) => ms / steps;
  return spreadOf(one.rounds.map((round, i) => perStep(other.rounds[i]!) / perStep(round)));
}

function spreadOf(values: number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** Additions and multiplications of a training step, an image: every product forward, for its weights and for its input. */
export function flopsAnImage({ layers }: CompiledModel): number {
  const products = layers.flatMap(({ weights, outputShape, inputs }) => {
    const pixels = outputShape.length === 3 ? outputShape[0]! * outputShape[1]! : 1;
    // Nobody asks for the gradient of the images themselves: a layer that takes them has two products, the others three.
    const passes = inputs.includes(images) ? 2 : 3;
    return weights
      .filter(({ name }) => /kernel$/i.test(name))
      .map(({ shape }) => passes * shape.reduce((a, b) => a * b, pixels));
  });
  return 2 * products.reduce((sum, count) => sum + count, 0);
}

const firstLossesWithin = 1e-3;
/** Rounding differs, and Adam makes much of what differs where a gradient is nearly zero. */
const laterLossesWithin = 1e-2;
const lossesCompared = 8;

/** Steps that everybody has done. */
export const commonSteps = (all: Measured[]): number => Math.min(...all.map(({ losses }) => losses.length));

/**
 * Same weights, same images, same optimizer: the losses have to be the same, before the first update and after some.
 *
 * @throws WgradError where they are not. Then something is timed that trains something else.
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
  /** GFLOP/s of multiply-adds in registers. */
  ceiling: number;
}

/** What is written of a contender. */
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
