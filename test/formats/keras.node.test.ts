import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { importModel } from '../../src/formats/import_model.ts';
import { readKerasModel } from '../../src/formats/keras/read_keras.ts';
import { compileModel } from '../../src/model/graph.ts';
import { bitsOf, largestDifference, probabilitiesOf } from './made_models.ts';

/** Created by Keras: test/fixtures/make_keras_model_fixtures.py. */
const made: Record<string, { json: string; weights: number[][]; images: number[]; probabilities: number[] }> =
  JSON.parse(readFileSync(new URL('../fixtures/keras_models.json', import.meta.url), 'utf8'));

test.each(Object.entries(made))('a %s model described by Keras gives the same predictions as Keras', (name, given) => {
  const { model, notes } = readKerasModel(JSON.parse(given.json), name);
  const weights = given.weights.map((tensor) => Float32Array.from(tensor));
  const probabilities = probabilitiesOf({ model, weights }, Float32Array.from(given.images));
  expect(largestDifference(probabilities, given.probabilities)).toBeLessThan(1e-5);
  const constraints = name === 'functional' ? [expect.stringMatching(/^dense: kernel_constraint was left out$/)] : [];
  expect(notes).toEqual(constraints);
});

test('hard_sigmoid before Keras 3 is a different function and is not treated as the current one', () => {
  const json = JSON.parse(made.sequential!.json);
  expect(() => readKerasModel({ ...json, keras_version: '2.15.0' }, 'old')).toThrow(
    /conv2d \(Conv2D, activation hard_sigmoid\)/,
  );
});

const unpacked = (text: string) => new Uint8Array(inflateSync(Buffer.from(text, 'base64')));

/** The same networks in files saved by Keras 3, and in the layouts of Keras 2 and of h5py's options. */
const readSaved = (name: string): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
const saved = readSaved('keras_weights.json');
const savedFiles = [...Object.entries(saved), ...Object.entries(readSaved('keras_saved.json'))].flatMap(
  ([name, files]) => Object.entries(files).map(([kind, text]) => [`${kind}, ${name}`, name, kind, text] as const),
);

test.each(savedFiles)('%s is imported with its weights', (_, name, kind, text) => {
  const bytes = unpacked(text);
  const given = made[name]!;
  const { model: network } = readKerasModel(JSON.parse(given.json), name);
  const alone = kind.startsWith('weights');
  const file = { name: kind, bytes };
  if (alone) expect(() => importModel(file)).toThrow(/has weights and no network[\s\S]*--model/);
  const { model, weights } = importModel(file, alone ? { model: network } : {});
  expect(model).toEqual(network);
  expect(bitsOf(weights!)).toEqual(bitsOf(given.weights.map((tensor) => Float32Array.from(tensor))));
  const probabilities = probabilitiesOf({ model, weights: weights! }, Float32Array.from(given.images));
  expect(largestDifference(probabilities, given.probabilities)).toBeLessThan(1e-5);
});

test("all weights that don't fit are named with both shapes", () => {
  const bytes = unpacked(saved.sequential!['weights of Keras 2']!);
  const { model } = readKerasModel(JSON.parse(made.sequential!.json), 'sequential');
  const layers = model.layers.map((layer) =>
    layer.name === 'conv2d' ? { ...layer, filters: 8 } : layer,
  ) as typeof model.layers;
  const wider = { ...model, layers };
  expect(compileModel(wider).layers).toHaveLength(model.layers.length);
  expect(() => importModel({ name: 'a.h5', bytes }, { model: wider })).toThrow(
    /weights in a\.h5 don't fit the model: conv2d\.kernel is \[3, 3, 2, 4\], the layer's \[3, 3, 2, 8\]; conv2d\.bias is \[4\], the layer's \[8\]/,
  );
});

test('a truncated HDF5 file, or one of another kind, is an error', () => {
  const bytes = unpacked(saved.sequential!['an .h5 file']!);
  expect(() => importModel({ name: 'a.h5', bytes: bytes.slice(0, 3000) })).toThrow(
    /a\.h5 is an HDF5 file that can't be read/,
  );
});
