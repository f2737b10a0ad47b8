import type { TestedNetwork } from '../compare/cure_rows.ts';
import type { CureRun } from '../compare/cure_run.ts';
import type { Cure } from '../compare/cures.ts';
import type { AdapterFacts } from '../gpu/device.ts';

/** The file format of `wgrad compare --cures --json`, written after each run and resumed by the same command. */
export interface CuresFile {
  kind: 'wgrad cures';
  format: 1;
  /** The command that repeats the test. */
  command: string;
  versions: { wgrad: string; chrome: string };
  adapter: AdapterFacts;
  /** Everything that determines a run's figures, except for its seed. */
  config: { networks: NetworkConfig[]; cures: Cure[] };
  /** Cures that do not apply to a network, and why. */
  leftOut: { network: string; cure: string; why: string }[];
  seeds: number[];
  /** Total seconds of all runs, including the creation of pipelines and validation. */
  seconds: number;
  /** The complete runs, in training order: all cures of all networks with one seed, then the next seed. */
  runs: CureRun[];
}

export interface NetworkConfig extends TestedNetwork {
  words: string;
  dataset: string;
  trainSamples: number;
  testSamples: number;
  /** Fingerprint of the images and labels. */
  data: string;
  /** The results of a network that predicts the class frequencies and ignores the images. */
  chance: { loss?: number; accuracy: number };
  /** The `createTrainer` options without a cure, except for the seed. */
  untreated: Record<string, unknown>;
}

/** The names of cures that change the loss; their validation loss cannot be compared with that of others. */
export const ofOtherLoss = (cures: readonly Cure[]): string[] =>
  cures.filter(({ change }) => change.labelSmoothing !== undefined).map(({ name }) => name);
