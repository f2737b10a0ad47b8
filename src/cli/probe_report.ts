import { figure } from '../figures.ts';
import type { ProbeFigures, ProbeRecord } from '../index.ts';
import { table } from './tables.ts';

/** Number of samples with the largest gradients that are listed. */
const hardestShown = 5;

/**
 * The results of a run's probes: the noise scale at its end, mean cosines, and the last probe's samples with the largest gradients.
 */
export function probeTables(probes: readonly ProbeRecord[]): string | undefined {
  const last = probes.at(-1);
  if (!last) return undefined;
  const row = (name: string, of: (probe: ProbeRecord) => ProbeFigures, zeros = '') => {
    const mean = (figureOf: (figures: ProbeFigures) => number | undefined) =>
      figure(meanOf(probes.map((probe) => figureOf(of(probe)))));
    return [
      name,
      figure(of(last).noiseScale),
      mean(({ cosineToLast }) => cosineToLast),
      mean(({ cosineToMomentum }) => cosineToMomentum),
      mean(({ cosineToPlain }) => cosineToPlain),
      zeros,
    ];
  };
  const rows = Object.entries(last.layers).map(([layer, { exponents, zeros, nonFinite }]) => {
    const all = exponents.reduce((a, b) => a + b, zeros + nonFinite);
    return row(layer, ({ layers }) => layers[layer]!, `${((100 * zeros) / all).toFixed(1)} %`);
  });
  const head = [
    'layer',
    'noise scale',
    'cosine to previous gradient',
    'to momentum',
    'to unaugmented gradient',
    'zeros',
  ];
  const figures = table(head, [...rows, row('whole network', ({ whole }) => whole)]);
  const note =
    `${probes.length} probes; noise scale: samples in a batch beyond which a larger one gains little; ` +
    'cosines: between gradients, averaged over the probes';
  return `${figures}\n${note}\n${hardestTable(last)}`;
}

function hardestTable({ step, hardest }: ProbeRecord): string {
  const rows = hardest.slice(0, hardestShown).map(({ sample, label, gradientNorm }) => {
    return [String(sample), String(label), figure(gradientNorm)];
  });
  return table([`largest gradients in step ${step}: sample`, 'label', 'gradient norm'], rows);
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value): value is number => Number.isFinite(value));
  return known.length > 0 ? known.reduce((a, b) => a + b) / known.length : undefined;
}
