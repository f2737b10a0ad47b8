import { expect, test } from 'vitest';
import { WgradError } from '../../src/errors.ts';
import { exportModel } from '../../src/formats/export_model.ts';
import { importModel } from '../../src/formats/import_model.ts';
import { compileTrained, type TrainedModel } from '../../src/formats/trained_model.ts';
import type { LayerConfig } from '../../src/index.ts';
import { trained, uniform } from './made_models.ts';

const layers: LayerConfig[] = [
  { type: 'conv2d', filters: 3, kernelSize: 2, padding: 'same', activation: 'relu' },
  { type: 'batchNormalization', name: 'b' },
  { type: 'add', inputs: ['b', -2] },
  { type: 'maxPooling2d' },
  { type: 'flatten' },
  { type: 'dropout', rate: 0.2 },
  { type: 'dense', units: 3, activation: 'softmax' },
];
const network = trained({ inputShape: [4, 4, 1], layers });
const [safetensors] = exportModel(network, 'safetensors');
const [json, weights] = exportModel(network, 'tfjs');

const words = ['null', '-1', '1e99', '""', '[]', '{}', '"conv2d"', 'true', '0', '"__proto__"', '[[[]]]', '4294967296'];

/** A few changes: bits, bytes, cuts, and in text whole values. */
function mutate(file: Uint8Array, next: () => number): Uint8Array {
  const pick = (n: number) => Math.floor(next() * n);
  const text = Buffer.from(file).toString('latin1');
  const kind = pick(6);
  if (kind === 0) return file.slice(0, pick(file.length));
  if (kind === 1) {
    const at = pick(file.length);
    return Buffer.concat([file.subarray(0, at), file.subarray(pick(file.length))]);
  }
  if (kind === 2) {
    const changed = Uint8Array.from(file);
    for (let i = 0; i <= pick(4); i++) changed[pick(Math.min(file.length, 4000))]! ^= 1 << pick(8);
    return changed;
  }
  // Another value in the place of one.
  const values = [...text.matchAll(/(?<=[:[,])("[^"]*"|-?[\d.e-]+|true|false|null|\[[^[\]]*\])(?=[,\]}])/g)];
  const { index, 0: value } = values[pick(values.length)]!;
  const changed = text.slice(0, index) + words[pick(words.length)]! + text.slice(index + value.length);
  return new Uint8Array(Buffer.from(changed, 'latin1'));
}

test.each([
  ['safetensors', safetensors!, 1500],
  ['TensorFlow.js', json!, 2500],
])('a %s file that was changed is an error or a model that is whole', (_, file, times) => {
  const next = uniform(7);
  const ended = { read: 0, refused: 0 };
  for (let i = 0; i < times; i++) {
    const bytes = mutate(file.bytes, next);
    try {
      const back = importModel({ name: file.name, bytes }, { read: () => weights!.bytes });
      if (back.weights) compileTrained(back as TrainedModel);
      ended.read++;
    } catch (error) {
      if (!(error instanceof WgradError)) throw new Error(`changed file ${i}: ${error}`, { cause: error });
      ended.refused++;
    }
  }
  // Both come about: options of training may change and still be good.
  expect(ended.refused).toBeGreaterThan(times / 4);
  expect(ended.read).toBeGreaterThan(0);
});
