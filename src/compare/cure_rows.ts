import { type Estimate, estimate, holm, type PairedTest, pairedTest, type Scale } from './comparison.ts';
import { significance } from './comparison_rows.ts';
import type { CureRun } from './cure_run.ts';
import { untreated } from './cures.ts';

/** The properties of a network in a test of cures that its figures depend on. */
export interface TestedNetwork {
  name: string;
  /** Planned epochs, and steps per epoch. */
  epochs: number;
  epochSteps: number;
}

/** The figures by which cures are compared. */
export type CureFigure = 'early' | 'late' | 'bad' | 'leftChance' | 'validationLoss' | 'validationAccuracy' | 'stepMs';

interface Figure {
  id: CureFigure;
  name: string;
  scale: Scale;
  of: (run: CureRun, network: TestedNetwork) => number | undefined;
}

const known = (value: number | null): number | undefined => value ?? undefined;

/** In the order of the columns. */
export const cureFigures: readonly Figure[] = [
  { id: 'early', name: 'relative gradient, early', scale: 'log', of: ({ early }) => known(early) },
  { id: 'late', name: 'relative gradient, late', scale: 'log', of: ({ late }) => known(late) },
  { id: 'bad', name: 'steps with a bad verdict', scale: 'share', of: ({ bad }) => bad },
  {
    id: 'leftChance',
    name: 'epochs to leave chance',
    scale: 'linear',
    // A run that never leaves chance level counts as if it left at its end: the true figure is larger.
    of: ({ leftChance }, { epochs, epochSteps }) => (leftChance === null ? epochs : leftChance / epochSteps),
  },
  {
    id: 'validationLoss',
    name: 'validation loss',
    scale: 'linear',
    of: ({ validationLoss }) => known(validationLoss),
  },
  {
    id: 'validationAccuracy',
    name: 'validation accuracy',
    scale: 'share',
    of: ({ validationAccuracy }) => known(validationAccuracy),
  },
  { id: 'stepMs', name: 'time per step', scale: 'log', of: ({ stepMs }) => known(stepMs) },
];

/** A figure of a network with a cure and without it, over the seeds that both have. */
export interface CureRow {
  figure: CureFigure;
  scale: Scale;
  without: Estimate;
  with: Estimate;
  /** With the cure minus without it, in pairs; with divided by without on a log scale. */
  test: PairedTest;
  /** p after Holm's correction for all cures and figures of the network; NaN if nothing was tested. */
  adjusted: number;
  differs: boolean;
}

/** A cure's figures, and the number of its runs that left chance level or broke off. */
export interface TestedCure {
  /** The first entry is `untreated`; its `rows` compare it with itself and are meaningless. */
  cure: string;
  seeds: number;
  leftChance: number;
  broke: number;
  rows: CureRow[];
}

/**
 * Times do not follow from the configuration, so their ratio is given without a test. A changed loss is not compared with the
 * original one.
 */
const isTested = (id: CureFigure) => id !== 'stepMs';

/**
 * The cures of one network, each compared with the untreated network in pairs of runs with the same seed.
 *
 * @param runs of any networks. @param otherLoss names of cures that change the loss, so that their validation loss is another
 *   quantity.
 */
export function compareCures(
  network: TestedNetwork,
  runs: readonly CureRun[],
  otherLoss: readonly string[] = [],
): TestedCure[] {
  const own = runs.filter((run) => run.network === network.name);
  const bySeed = (cure: string) => new Map(own.filter((run) => run.cure === cure).map((run) => [run.seed, run]));
  const plain = bySeed(untreated);
  const names = [...new Set(own.map(({ cure }) => cure))];
  const tested = names.map((cure): TestedCure => {
    const treated = bySeed(cure);
    const seeds = [...treated.keys()].filter((seed) => plain.has(seed)).sort((a, b) => a - b);
    const withIt = seeds.map((seed) => treated.get(seed)!);
    const without = seeds.map((seed) => plain.get(seed)!);
    return {
      cure,
      seeds: seeds.length,
      leftChance: withIt.filter(({ leftChance }) => leftChance !== null).length,
      broke: withIt.filter(({ broke }) => broke !== undefined).length,
      rows: cureFigures.flatMap((figure) => {
        if (figure.id === 'validationLoss' && otherLoss.includes(cure)) return [];
        return [rowOf(figure, withIt, without, network)];
      }),
    };
  });
  const rows = tested.flatMap(({ cure, rows }) =>
    cure === untreated ? [] : rows.filter(({ figure }) => isTested(figure)),
  );
  const adjusted = holm(rows.map(({ test }) => test.p));
  for (const [i, row] of rows.entries()) {
    row.adjusted = adjusted[i]!;
    row.differs = adjusted[i]! < significance;
  }
  return tested;
}

function rowOf(
  { id, scale: usual, of }: Figure,
  withIt: readonly CureRun[],
  without: readonly CureRun[],
  network: TestedNetwork,
): CureRow {
  const [a, b] = [withIt, without].map((runs) => runs.map((run) => of(run, network))) as [Values, Values];
  // A first layer without any gradient has no logarithm.
  const scale = usual === 'log' && [...a, ...b].some((value) => value !== undefined && value <= 0) ? 'linear' : usual;
  return {
    figure: id,
    scale,
    without: estimate(b, scale),
    with: estimate(a, scale),
    test: pairedTest(a, b, scale),
    adjusted: Number.NaN,
    differs: false,
  };
}

type Values = (number | undefined)[];
