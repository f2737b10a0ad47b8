import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { WgradError } from '../../src/errors.ts';
import { exportModel } from '../../src/formats/export_model.ts';
import { importModel } from '../../src/formats/import_model.ts';
import { compileTrained, type ModelFile, type TrainedModel } from '../../src/formats/trained_model.ts';
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
const read = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
const inflated = (text: string) => inflateSync(Buffer.from(text, 'base64'));
const keras = read('keras_saved.json').sequential;
const kerasJson = read('keras_models.json').functional.json;
const [safetensors] = exportModel(network, 'safetensors');
const [onnx] = exportModel(network, 'onnx');
const [json, weights] = exportModel(network, 'tfjs');

const fixture = (name: string, bytes: Uint8Array): ModelFile => ({ name, bytes: new Uint8Array(bytes) });
/** 10,000 files take minutes on a busy machine, so a quarter of them are tested, unless WGRAD_MUTATED_FILES=all asks for all. */
const share = process.env.WGRAD_MUTATED_FILES === 'all' ? 1 : 1 / 4;

const words = ['null', '-1', '1e99', '""', '[]', '{}', '"conv2d"', 'true', '0', '"__proto__"', '[[[]]]', '4294967296'];

const isText = (file: Uint8Array) =>
  /^\s*[{["]|^[\s\S]{8}\{/.test(Buffer.from(file.subarray(0, 20)).toString('latin1'));

/** Applies a few changes: flips bits, replaces bytes, truncates, and in text replaces whole values. */
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
  // Replaces one value with another.
  if (!isText(file)) {
    const changed = Uint8Array.from(file);
    const at = pick(file.length);
    changed.fill(pick(256), at, at + 1 + pick(9));
    return changed;
  }
  const values = [...text.matchAll(/(?<=[:[,])("[^"]*"|-?[\d.e-]+|true|false|null|\[[^[\]]*\])(?=[,\]}])/g)];
  const { index, 0: value } = values[pick(values.length)]!;
  const changed = text.slice(0, index) + words[pick(words.length)]! + text.slice(index + value.length);
  return new Uint8Array(Buffer.from(changed, 'latin1'));
}

test.each([
  ['safetensors', safetensors!, 1500],
  ['TensorFlow.js', json!, 2000],
  ['ONNX', onnx!, 2500],
  ['PyTorch ONNX', fixture('plain.onnx', Buffer.from(read('onnx_exported.json')['PyTorch, plain'], 'base64')), 1000],
  ['.keras', fixture('a.keras', inflated(keras["Keras' own .keras file"])), 1000],
  ['.h5', fixture('a.h5', inflated(keras["Keras' own .h5 file"])), 1000],
  ['Keras JSON', fixture('keras.json', Buffer.from(kerasJson)), 500],
  ["wgrad's JSON", fixture('model.json', Buffer.from(JSON.stringify(network.model))), 500],
])('a modified %s file gives an error or a complete model', (_, file, all) => {
  const times = all * share;
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
  // Both outcomes occur: changed training options may still be valid.
  expect(ended.refused).toBeGreaterThan(times / 4);
  expect(ended.read).toBeGreaterThan(0);
});

const zip = (files: Record<string, string>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)])));

test.each<[string, Uint8Array | string, RegExp]>([
  ['a PNG picture', '\x89PNG\r\n\x1a\n', /a PNG picture/],
  ['a JPEG picture', '\xff\xd8\xff\xe0', /a JPEG picture/],
  [
    "PyTorch's archive",
    zip({ 'model/data.pkl': 'x', 'model/version': '3' }),
    /PyTorch's file[\s\S]*torch\.onnx\.export/,
  ],
  ["PyTorch's older pickle", '\x80\x02\x8a\x0al\xfc', /a Python pickle/],
  ['another archive', zip({ 'a.txt': 'x' }), /a ZIP archive with a\.txt/],
  ['NumPy arrays', exportModel(network, 'npz')[0]!.bytes, /NumPy arrays \(\.npz\)/],
  ['a SavedModel', '\x08\x01\x12\x20', /TensorFlow's SavedModel/],
  ['TensorFlow Lite', '\x1c\0\0\0TFL3', /a TensorFlow Lite file/],
  ['GGUF', 'GGUF\x03', /a GGUF file/],
  ['an HTML page', '<!DOCTYPE html><html>', /an HTML page/],
  ['a pointer', 'version https://git-lfs.github.com/spec/v1', /a pointer of Git LFS/],
  ['a run', 'wgradrun', /a run that wgrad has saved/],
  ['a frozen graph', '\x0a\x1e\x0a\x05', /begins with/],
  ['nothing', '', /an empty file/],
])('%s is not a model, and the error says what it seems to be', (_, content, message) => {
  const bytes = typeof content === 'string' ? new Uint8Array(Buffer.from(content, 'latin1')) : content;
  expect(() => importModel({ name: 'file', bytes })).toThrow(message);
});
