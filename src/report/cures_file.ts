import type { TestedNetwork } from '../compare/cure_rows.ts';
import type { CureRun } from '../compare/cure_run.ts';
import type { Cure } from '../compare/cures.ts';
import type { AdapterFacts } from '../gpu/device.ts';

/** The file that `wgrad compare --cures --json` writes after each run, and that the same command continues. */
export interface CuresFile {
  kind: 'wgrad cures';
  format: 1;
  /** To repeat it. */
  command: string;
  versions: { wgrad: string; chrome: string };
  adapter: AdapterFacts;
  /** Everything that a run's figures follow from, its seed aside. */
  config: { networks: NetworkConfig[]; cures: Cure[] };
  /** Cures that have no place in a network, and why. */
  leftOut: { network: string; cure: string; why: string }[];
  seeds: number[];
  /** Seconds of all runs, with the making of their pipelines and their validation. */
  seconds: number;
  /** Those that are done, in the order in which they were trained: all cures of all networks with a seed, then the next seed. */
  runs: CureRun[];
}

export interface NetworkConfig extends TestedNetwork {
  words: string;
  dataset: string;
  trainSamples: number;
  testSamples: number;
  /** A fingerprint of its images and labels. */
  data: string;
  /** A network that knows how often each class occurs, and ignores the images. */
  chance: { loss?: number; accuracy: number };
  /** The options of createTrainer without a cure, except for the seed. */
  untreated: Record<string, unknown>;
}

/** The cures that change the loss, whose validation loss is not compared with that of others. */
export const ofOtherLoss = (cures: readonly Cure[]): string[] =>
  cures.filter(({ change }) => change.labelSmoothing !== undefined).map(({ name }) => name);
