import type { Model, OptimizerConfig, RunVerdictName, VerdictName } from '../../src/index.ts';
import json from './public_networks.json';

/** A network that somebody asked about in public, as public_networks.json has it. */
export interface PublicNetwork {
  name: string;
  /** Where it comes from, what was asked, and what the accepted answer or the book says. */
  source: string;
  title: string;
  question: string;
  answer: string;
  model: Model;
  optimizer: OptimizerConfig;
  data: 'digits' | 'mnist';
  /** Training images. */
  images: number;
  batchSize: number;
  epochs: number;
  /** What bytes are multiplied by; 1/255 unless given. */
  rescale?: number;
  /** `shuffled` gives each image the label of another. */
  labels?: 'shuffled';
  /** What wgrad has to say at the end. */
  says: {
    /** Or several, of a network on the margin. */
    run: RunVerdictName | RunVerdictName[];
    /** A part of the cause; nothing for a run that has none. */
    cause: string;
    /** Verdicts of layers, or of all of them. */
    layers: 'healthy' | Record<string, VerdictName>;
    /** A part of the first remedy. */
    remedy?: string;
  };
}

export const publicNetworks = json as unknown as readonly PublicNetwork[];
