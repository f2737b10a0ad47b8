import { paragraphOf } from '../compare/comparison_paragraph.ts';
import { type Comparison, comparePairs } from '../compare/comparison_rows.ts';
import { named, type TwinOptions } from '../compare/twin_options.ts';
import type { PairRecord } from '../compare/twin_record.ts';
import type { Variable } from '../compare/variables.ts';
import type { AdapterFacts } from '../gpu/device.ts';

/**
 * The file format of `wgrad compare --json`, written after each pair and read by --resume, and of the page's download. NaN is
 * written as null.
 */
export interface ComparisonFile {
  /** Identifies the file. */
  kind: 'wgrad comparison';
  /** The version of the format. */
  format: 1;
  /** The command that repeats the comparison. */
  command: string;
  /** The versions that the pairs were trained with. */
  versions: { wgrad: string; chrome: string };
  /** The adapter that the pairs were trained on. */
  adapter: AdapterFacts;
  /** Everything that determines a pair's figures, except for its seed. */
  config: ComparisonConfig;
  /** The seeds of the pairs, in order. */
  seeds: number[];
  /** The complete pairs, in the order of their seeds. */
  pairs: PairRecord[];
  /** The tables. */
  comparison?: Comparison;
  /** The tables' results in words. */
  paragraph?: string;
}

/** The configuration of a comparison: what varies, and the data. */
export interface ComparisonConfig {
  /** The variable in which the twins differ. */
  vary: Variable;
  /** Name of the data set. */
  dataset: string;
  /** The data check's findings whose images were left out. */
  clean: readonly string[];
  /** Number of training images. */
  trainSamples: number;
  /** Number of validation images. */
  testSamples: number;
  /** Epochs of each run. */
  epochs: number;
  /** Fingerprint of the images and labels. */
  data: string;
  /** The `createTrainer` options of twin A, except for the seed. */
  a: Record<string, unknown>;
  /** The same for twin B. */
  b: Record<string, unknown>;
  /** Validation and early stopping options of both twins, if given. */
  fit?: NonNullable<TwinOptions['fit']>;
}

/** Creates the file of a comparison, with the pairs that are complete so far, if any. */
export const newComparisonFile = (
  parts: Omit<ComparisonFile, 'kind' | 'format' | 'comparison' | 'paragraph'>,
): ComparisonFile => ({
  kind: 'wgrad comparison',
  format: 1,
  ...parts,
});

/**
 * The file with the comparison of its pairs added.
 *
 * @param ways the value of the variable in each twin, in words. @param file has at least one pair.
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
