import { paragraphOf } from '../compare/comparison_paragraph.ts';
import { type Comparison, comparePairs } from '../compare/comparison_rows.ts';
import { named, type TwinOptions } from '../compare/twin_options.ts';
import type { PairRecord } from '../compare/twin_record.ts';
import type { Variable } from '../compare/variables.ts';
import type { AdapterFacts } from '../gpu/device.ts';

/** The file that `wgrad compare --json` writes after each pair and --resume reads, and the page's download. NaN is null. */
export interface ComparisonFile {
  /** What the file is. */
  kind: 'wgrad comparison';
  /** The version of the format. */
  format: 1;
  /** To repeat it. */
  command: string;
  /** The versions that trained it. */
  versions: { wgrad: string; chrome: string };
  /** The adapter that trained it. */
  adapter: AdapterFacts;
  /** Everything that a pair's figures follow from, its seed aside. */
  config: ComparisonConfig;
  /** The seeds of the pairs, in order. */
  seeds: number[];
  /** Those that are done, in the order of their seeds. */
  pairs: PairRecord[];
  /** The tables. */
  comparison?: Comparison;
  /** The tables in words. */
  paragraph?: string;
}

/** What was compared, and on what. */
export interface ComparisonConfig {
  /** What the twins differ in. */
  vary: Variable;
  /** The name of the data set. */
  dataset: string;
  /** The findings that were left out of it. */
  clean: readonly string[];
  /** Number of training images. */
  trainSamples: number;
  /** Number of validation images. */
  testSamples: number;
  /** Epochs of each run. */
  epochs: number;
  /** A fingerprint of its images and labels. */
  data: string;
  /** The options of createTrainer for each, except for the seed. */
  a: Record<string, unknown>;
  /** The options of twin B. */
  b: Record<string, unknown>;
  /** How both validated and when each ended, where that was asked for. */
  fit?: NonNullable<TwinOptions['fit']>;
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
 * The same with the comparison of its pairs.
 *
 * @param ways the value of the variable in each twin, in words. @param file has one pair or more.
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
    stopped: {
      a: pairs.filter(({ a }) => a.stoppedEarly).length,
      b: pairs.filter(({ b }) => b.stoppedEarly).length,
    },
  });
  return { ...file, comparison, paragraph };
}
