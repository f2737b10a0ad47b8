import { paragraphOf } from '../compare/comparison_paragraph.ts';
import { type Comparison, comparePairs } from '../compare/comparison_rows.ts';
import { named, type Variable } from '../compare/twin_options.ts';
import type { PairRecord } from '../compare/twin_record.ts';
import type { AdapterFacts } from '../gpu/device.ts';

/** What `wgrad compare --json` writes when a pair ends and --resume reads, and the page hands out. JSON has NaN as null. */
export interface ComparisonFile {
  kind: 'wgrad comparison';
  format: 1;
  /** To repeat it. */
  command: string;
  versions: { wgrad: string; chrome: string };
  adapter: AdapterFacts;
  /** Everything that a pair's figures follow from, its seed aside. */
  config: ComparisonConfig;
  seeds: number[];
  /** Those that are done, in the order of their seeds. */
  pairs: PairRecord[];
  comparison?: Comparison;
  paragraph?: string;
}

export interface ComparisonConfig {
  vary: Variable;
  dataset: string;
  /** What was left out of it. */
  clean: readonly string[];
  trainSamples: number;
  testSamples: number;
  epochs: number;
  /** A fingerprint of its images and labels. */
  data: string;
  /** What createTrainer gets for each, but for the seed. */
  a: Record<string, unknown>;
  b: Record<string, unknown>;
}

/** A comparison of whose pairs some are done, or none yet. */
export const newComparisonFile = (
  parts: Omit<ComparisonFile, 'kind' | 'format' | 'comparison' | 'paragraph'>,
): ComparisonFile => ({
  kind: 'wgrad comparison',
  format: 1,
  ...parts,
});

/**
 * The same with what its pairs come to.
 *
 * @param ways what each twin has of the variable, in words. @param file has one pair or more.
 */
export function concluded(
  file: ComparisonFile,
  ways: { a: string; b: string },
): ComparisonFile & Required<Pick<ComparisonFile, 'comparison' | 'paragraph'>> {
  const { pairs, config } = file;
  const comparison = comparePairs(pairs, config.epochs);
  const paragraph = paragraphOf(comparison, {
    variable: named(config.vary),
    a: ways.a,
    b: ways.b,
    seeds: pairs.map(({ seed }) => seed),
    epochs: config.epochs,
    broken: {
      a: pairs.filter(({ a }) => a.broke).length,
      b: pairs.filter(({ b }) => b.broke).length,
    },
  });
  return { ...file, comparison, paragraph };
}
