import { type VerdictName, verdictNames } from '../health/health.ts';
import { timeInVerdicts } from '../health/verdicts.ts';
import { type Estimate, estimate, holm, type PairedTest, pairedTest, type Scale } from './comparison.ts';
import type { LayerEpoch, PairRecord, TwinEpoch, TwinRecord } from './twin_record.ts';

/** The twins differ in a figure if its corrected p is below this. */
export const significance = 0.05;

/** A figure that the paragraph of a comparison refers to. */
export type FigureId = 'validationLoss' | 'validationAccuracy' | 'validationMeanAbsoluteError';

/** A figure of both twins, over the pairs. */
export interface Row {
  /** The name of the figure. */
  figure: string;
  /** The id of a figure that the paragraph looks up. */
  id?: FigureId;
  /** The verdict, if the figure is the time that a layer spent in one. */
  verdict?: VerdictName;
  /** The layer of the figure; undefined for a figure of the network. */
  layer?: string;
  /** From 1; left out if the figure is about the whole run or its name contains the epoch. */
  epoch?: number;
  /** The scale on which the twins are compared. */
  scale: Scale;
  /** Mean and interval of twin A. */
  a: Estimate;
  /** Mean and interval of twin B. */
  b: Estimate;
  /** Mean and interval of the difference or the ratio, and its test. */
  test: PairedTest;
  /** p after Holm's correction for all rows in the same list; NaN if nothing was tested. */
  adjusted: number;
  /** Whether the difference is significant at 5 % after the correction. */
  differs: boolean;
}

/** The result of comparing pairs of twins. It has two families of tests, each corrected separately. */
export interface Comparison {
  /** The results at the end of the runs, and how every layer's gradient behaved: the subject of the paragraph. */
  summary: Row[];
  /** Losses, accuracies and gaps of every epoch, as the curves show them. */
  byEpoch: Row[];
  /**
   * Cosine between the twins' gradients on the same samples: of the whole network after each epoch, of the layers after the last.
   */
  cosines: { epoch: number; layer?: string; estimate: Estimate }[];
}

type OfTwin = (twin: TwinRecord) => number | undefined;
interface Figure {
  figure: string;
  id?: FigureId;
  verdict?: VerdictName;
  /** Shown only if it is above zero in some run. */
  isRare?: boolean;
  layer?: string;
  epoch?: number;
  scale: Scale;
  of: OfTwin;
}

/**
 * Compares the twins of pairs over their seeds.
 *
 * @param epochs of a run that was not broken off.
 */
export function comparePairs(pairs: readonly PairRecord[], epochs: number): Comparison {
  const metrics = metricsOf(pairs);
  const byEpoch = Array.from({ length: epochs }, (_, i) =>
    outcomesOf(metrics, ({ epochs }) => epochs[i]).map((figure) => ({ ...figure, epoch: i + 1 })),
  ).flat();
  const cosineOf = (epoch: number, layer?: string) => ({
    epoch: epoch + 1,
    ...(layer !== undefined && { layer }),
    estimate: estimate(
      pairs.map(({ cosines }) => (layer === undefined ? cosines[epoch]?.whole : cosines[epoch]?.layers[layer])),
      'cosine',
    ),
  });
  const layers = layersOf(pairs);
  const compared = pairs.some(({ cosines }) => cosines.length > 0);
  return {
    summary: rowsOf(summaryValues(pairs, epochs)),
    byEpoch: rowsOf(valuesOf(pairs, byEpoch)),
    cosines: compared
      ? [
          ...Array.from({ length: epochs }, (_, i) => cosineOf(i)),
          ...layers.map((layer) => cosineOf(epochs - 1, layer)),
        ]
      : [],
  };
}

/** The values of a row: one per twin and pair. */
export interface FigureValues extends Omit<Figure, 'of'> {
  a: (number | undefined)[];
  b: (number | undefined)[];
}

/** The values of a comparison's summary, figure by figure: `rowsOf` turns them into rows. @param epochs as in `comparePairs`. */
export const summaryValues = (pairs: readonly PairRecord[], epochs: number): FigureValues[] =>
  valuesOf(pairs, [
    ...outcomesOf(metricsOf(pairs), (twin) => lastOf(twin, epochs)),
    ...networkFigures(epochs),
    ...layersOf(pairs).flatMap((layer) => layerFigures(layer, epochs)),
  ]);

/** All layers of either twin, in the models' order. */
export const layersOf = (pairs: readonly PairRecord[]): string[] => [
  ...new Set(pairs.flatMap(({ a, b }) => [a, b].flatMap((twin) => Object.keys(twin.timeline.logNorms)))),
];

/** The names of the metrics of either twin. */
const metricsOf = (pairs: readonly PairRecord[]): string[] => [
  ...new Set(
    pairs.flatMap(({ a, b }) => [a, b].flatMap((twin) => twin.epochs.flatMap((it) => Object.keys(it.metrics ?? {})))),
  ),
];

/** The last epoch of a run; undefined for a run that was broken off. */
const lastOf = ({ epochs, finalEpoch }: TwinRecord, planned: number): TwinEpoch | undefined =>
  epochs[(finalEpoch ?? planned) - 1];

/** The network's results after an epoch; the gaps compare results of the same weights on unaugmented images. */
function outcomesOf(metrics: readonly string[], at: (twin: TwinRecord) => TwinEpoch | undefined): Figure[] {
  const of = (
    figure: string,
    scale: Scale,
    value: (epoch: TwinEpoch) => number | undefined,
    id?: FigureId,
  ): Figure => ({
    figure,
    ...(id && { id }),
    scale,
    of: (twin) => {
      const epoch = at(twin);
      return epoch && value(epoch);
    },
  });
  const difference = (x?: number, y?: number) => (x === undefined || y === undefined ? undefined : x - y);
  // A figure that was never measured gets no row: either accuracy or the mean absolute error.
  return [
    of('training loss', 'linear', ({ loss }) => loss),
    of('training accuracy', 'share', ({ accuracy }) => accuracy),
    of('training mean absolute error', 'linear', ({ meanAbsoluteError }) => meanAbsoluteError),
    of('loss on plain training images', 'linear', ({ plainLoss }) => plainLoss),
    of('accuracy on plain training images', 'share', ({ plainAccuracy }) => plainAccuracy),
    of(
      'mean absolute error on plain training images',
      'linear',
      ({ plainMeanAbsoluteError }) => plainMeanAbsoluteError,
    ),
    of('validation loss', 'linear', ({ validationLoss }) => validationLoss, 'validationLoss'),
    of('validation accuracy', 'share', ({ validationAccuracy }) => validationAccuracy, 'validationAccuracy'),
    of(
      'validation mean absolute error',
      'linear',
      ({ validationMeanAbsoluteError }) => validationMeanAbsoluteError,
      'validationMeanAbsoluteError',
    ),
    ...metrics.map((name) => of(`validation ${name}`, 'share', (epoch) => epoch.metrics?.[name])),
    of('gap in loss', 'linear', ({ validationLoss, plainLoss }) => difference(validationLoss, plainLoss)),
    of('gap in accuracy', 'shareDifference', ({ validationAccuracy, plainAccuracy }) =>
      difference(plainAccuracy, validationAccuracy),
    ),
    of('gap in mean absolute error', 'linear', ({ validationMeanAbsoluteError, plainMeanAbsoluteError }) =>
      difference(validationMeanAbsoluteError, plainMeanAbsoluteError),
    ),
  ];
}

function networkFigures(epochs: number): Figure[] {
  return [
    {
      figure: 'transport to the first layer',
      scale: 'log',
      of: (twin) => lastOf(twin, epochs)?.transport,
    },
    { figure: 'gradient noise scale', scale: 'log', of: noiseScale },
  ];
}

/** B_simple of a run: trace and squared norm are averaged over the epochs before they are divided. */
function noiseScale({ epochs }: TwinRecord): number {
  const sum = (of: (epoch: TwinEpoch) => number) => epochs.reduce((total, epoch) => total + of(epoch), 0);
  const squared = sum(({ sample }) => sample.squaredGradient);
  return squared > 0 ? sum(({ sample }) => sample.covarianceTrace) / squared : Number.NaN;
}

function layerFigures(layer: string, epochs: number): Figure[] {
  const inEpoch =
    (epochOf: (twin: TwinRecord) => TwinEpoch | undefined) =>
    (of: (figures: LayerEpoch) => number | undefined): OfTwin =>
    (twin) => {
      const figures = epochOf(twin)?.layers[layer];
      return figures && of(figures);
    };
  const atStart = inEpoch((twin) => twin.epochs[0]);
  const atEnd = inEpoch((twin) => lastOf(twin, epochs));
  const norm = ({ gradientNorm }: LayerEpoch) => gradientNorm;
  const [first, last] = [atStart(norm), atEnd(norm)];
  // With a single epoch there is no early and late.
  const norms: Figure[] =
    epochs === 1
      ? [{ figure: 'gradient norm', layer, scale: 'log', of: first }]
      : [
          { figure: 'early gradient norm', layer, scale: 'log', of: first },
          { figure: 'late gradient norm', layer, scale: 'log', of: last },
          {
            figure: 'drift of the gradient norm (log10)',
            layer,
            scale: 'linear',
            of: (twin) => Math.log10(last(twin)! / first(twin)!),
          },
        ];
  return [
    ...norms,
    { figure: 'update ratio', layer, scale: 'log', of: atEnd(({ updateRatio }) => updateRatio) },
    { figure: 'transport factor', layer, scale: 'log', of: atEnd(({ transport }) => transport) },
    { figure: 'dead share', layer, scale: 'share', isRare: true, of: atEnd(({ dead }) => dead) },
    ...verdictNames.map(
      (verdict): Figure => ({
        figure: `time ${verdict}`,
        verdict,
        layer,
        scale: 'share',
        isRare: true,
        of: (twin) => timeIn(verdict, layer, twin),
      }),
    ),
  ];
}

/** Fraction of the run's steps. The first steps, before a layer has a verdict, belong to no verdict. */
function timeIn(name: VerdictName, layer: string, { verdicts, steps }: TwinRecord): number | undefined {
  const time = timeInVerdicts(verdicts, layer, steps);
  return Object.keys(time).length > 0 ? (time[name] ?? 0) / steps : undefined;
}

const valuesOf = (pairs: readonly PairRecord[], figures: readonly Figure[]): FigureValues[] =>
  figures.map(({ of, ...figure }) => ({
    ...figure,
    a: pairs.map((pair) => of(pair.a)),
    b: pairs.map((pair) => of(pair.b)),
  }));

/** Tests every figure that was measured; one that is zero in every run (a verdict that never occurred) gets no row. */
export function rowsOf(figures: readonly FigureValues[]): Row[] {
  const rows = figures.flatMap(({ a, b, isRare, ...figure }) => {
    const measured = [...a, ...b].filter((value) => value !== undefined && Number.isFinite(value));
    if (measured.length === 0 || (isRare && measured.every((value) => value === 0))) return [];
    // A layer without any gradient has no logarithm.
    const scale = figure.scale === 'log' && measured.some((value) => value! <= 0) ? 'linear' : figure.scale;
    return [{ ...figure, scale, a: estimate(a, scale), b: estimate(b, scale), test: pairedTest(a, b, scale) }];
  });
  const adjusted = holm(rows.map(({ test }) => test.p));
  return rows.map((row, i) => ({ ...row, adjusted: adjusted[i]!, differs: adjusted[i]! < significance }));
}
