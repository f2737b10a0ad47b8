import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readKerasModel } from '../../src/formats/keras/read_keras.ts';
import { largestDifference, probabilitiesOf } from './made_models.ts';

/** By Keras itself: test/fixtures/make_keras_model_fixtures.py. */
const made: Record<string, { json: string; weights: number[][]; images: number[]; probabilities: number[] }> =
  JSON.parse(readFileSync(new URL('../fixtures/keras_models.json', import.meta.url), 'utf8'));

test.each(Object.entries(made))('a %s model that Keras describes predicts what Keras does', (name, given) => {
  const { model, notes } = readKerasModel(JSON.parse(given.json), name);
  const weights = given.weights.map((tensor) => Float32Array.from(tensor));
  const probabilities = probabilitiesOf({ model, weights }, Float32Array.from(given.images));
  expect(largestDifference(probabilities, given.probabilities)).toBeLessThan(1e-5);
  const constraints = name === 'functional' ? [expect.stringMatching(/^dense: kernel_constraint was left out$/)] : [];
  expect(notes).toEqual(constraints);
});

test("hard_sigmoid of before Keras 3 is another function, and so isn't taken for today's", () => {
  const json = JSON.parse(made.sequential!.json);
  expect(() => readKerasModel({ ...json, keras_version: '2.15.0' }, 'old')).toThrow(
    /conv2d \(Conv2D, activation hard_sigmoid\)/,
  );
});
