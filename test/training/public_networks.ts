import type { Model, OptimizerConfig, RunVerdictName, VerdictName } from '../../src/index.ts';
import json from './public_networks.json';

/** A network from a public question, as listed in public_networks.json. */
export interface PublicNetwork {
  name: string;
  /** Source, question, and the accepted answer or the book's explanation. */
  source: string;
  title: string;
  question: string;
  answer: string;
  model: Model;
  optimizer: OptimizerConfig;
  data: 'digits' | 'mnist';
  /** Number of training images. */
  images: number;
  batchSize: number;
  epochs: number;
  /** Factor for the image bytes. Default 1/255. */
  rescale?: number;
  /** `shuffled` assigns each image the label of another. */
  labels?: 'shuffled';
  /** wgrad's expected diagnosis at the end. */
  says: {
    /** A list of verdicts for a borderline network. */
    run: RunVerdictName | RunVerdictName[];
    /** Part of the text of the cause; empty for a run without one. */
    cause: string;
    /** Verdicts by layer, or for all layers. */
    layers: 'healthy' | Record<string, VerdictName>;
    /** Part of the text of the first remedy. */
    remedy?: string;
  };
}

export const publicNetworks = json as unknown as readonly PublicNetwork[];
