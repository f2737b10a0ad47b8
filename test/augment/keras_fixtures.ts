import type { KerasDraw, KerasRanges } from '../../src/augment/keras_draws.ts';
import today from '../fixtures/keras.json';
import old from '../fixtures/keras_preprocessing.json';

/** Results of both releases for the same script (make_keras_fixtures.py). */
export const kerasReleases = [
  ['keras', today],
  ['keras-preprocessing-1.1', old],
] as const;

export { old as kerasPreprocessing, today as kerasToday };

/** Parameters from the fixtures, by name; those that are None in Keras are omitted. */
export function drawOf(listed: readonly (number | boolean | null)[]): KerasDraw {
  const named = old.names.map((name, i) => [name, listed[i]] as const).filter(([, value]) => value !== null);
  return Object.fromEntries(named) as unknown as KerasDraw;
}

export interface FlowFixture {
  ranges: KerasRanges;
  imageShape: number[];
  samples: number;
  batchSize: number;
  shuffle: boolean;
  seed: number;
  epochs: { order: number[]; parameters: (number | boolean | null)[][] }[];
}
