import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { formatNpz } from '../../src/formats/npz.ts';
import { formatSafetensors, packSafetensors, parseSafetensors } from '../../src/formats/safetensors.ts';
import { type NamedTensor, namedTensors } from '../../src/formats/trained_model.ts';
import { presetModel } from '../../src/index.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { bitsOf, trained } from './made_models.ts';
import { hasPython, runPython } from './python.ts';

const pictures = { fit: 'fill', levels: { from: 7, to: 4095 } } as const;
const resnet = {
  ...trained(presetModel('resnet8', [8, 8, 3], 4)),
  classNames: ['a', 'b', 'c', 'ü'],
  rescale: 0.5,
  pictures,
};
const file = formatSafetensors(resnet);

test('a safetensors file preserves every bit, the model and the classes', () => {
  const strange = new Float32Array(new Uint32Array([0x7fc12345, 0xff800001, 0x80000000, 1]).buffer);
  const dense = trained({
    inputShape: [1, 1, 1],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 4, activation: 'softmax' }],
  });
  const odd = { ...dense, weights: [strange, dense.weights[1]!] };
  expect(bitsOf(parseSafetensors(formatSafetensors(odd)).weights)).toEqual(bitsOf(odd.weights));

  // At any alignment in memory.
  const shifted = new Uint8Array(file.length + 3).subarray(3);
  shifted.set(file);
  const back = parseSafetensors(shifted);
  expect(back).toMatchObject({ model: resnet.model, classNames: resnet.classNames, rescale: 0.5, pictures });
  // Values of other types are ignored.
  for (const wrong of [
    { fit: 'crop' },
    { levels: { from: 0 } },
    { levels: { from: -1, to: 9 } },
    { levels: null },
    7,
    null,
  ])
    expect(parseSafetensors(formatSafetensors({ ...resnet, pictures: wrong as never })).pictures).toBeUndefined();
  expect(bitsOf(back.weights)).toEqual(bitsOf(resnet.weights));
  expect(bitsOf([new Float32Array(formatSafetensors(back).slice(-4).buffer)])).toEqual(
    bitsOf([new Float32Array(file.slice(-4).buffer)]),
  );
});

test.skipIf(!hasPython('torch'))('PyTorch reads it, and files written by Python can be read', () => {
  const folder = temporaryFolder();
  const [path, halved] = [join(folder, 'model.safetensors'), join(folder, 'halved.safetensors')];
  writeFileSync(path, file);
  const read = runPython<Record<string, [number[], number, number]>>('read_safetensors.py', path, halved);
  const own = namedTensors(resnet);
  expect(Object.keys(read)).toEqual(own.map(({ name }) => name));
  expect(own[0]!.name).toBe('conv2d.kernel');
  expect(own.map(({ name }) => name)).toContain('batch_normalization_2.moving_variance');
  for (const { name, shape, data } of own) {
    const sum = data.reduce((a, b) => a + b, 0);
    expect(read[name]).toEqual([shape, expect.closeTo(sum, 4), data[0]]);
  }
  const back = parseSafetensors(readFileSync(halved));
  expect(bitsOf(back.weights)).toEqual(bitsOf(resnet.weights.map((tensor) => tensor.map((x) => x / 2))));
});

test.skipIf(!hasPython('numpy'))('NumPy reads an .npz', () => {
  const path = join(temporaryFolder(), 'model.npz');
  const npz = formatNpz(resnet);
  writeFileSync(path, npz);
  const code = join(temporaryFolder(), 'read.py');
  writeFileSync(
    code,
    `import json, sys, numpy\nf = numpy.load(sys.argv[1])\nprint(json.dumps({n: [list(f[n].shape), str(f[n].dtype), f[n].ravel().tolist()] for n in f.files}))`,
  );
  const read = runPython<Record<string, unknown>>(code, path);
  for (const { name, shape, data } of namedTensors(resnet)) expect(read[name]).toEqual([shape, 'float32', [...data]]);
  expect(Object.keys(unzipSync(npz))).toHaveLength(resnet.weights.length);
  expect(formatNpz(resnet)).toEqual(npz);
});

describe('an invalid safetensors file', () => {
  const tensors = namedTensors(resnet);
  const metadata = { model: JSON.stringify(resnet.model) };
  const first = tensors[0]!;
  const others = tensors.slice(1);
  const turned: NamedTensor = { ...first, shape: [...first.shape].reverse() };

  test.each<[string, Uint8Array, RegExp]>([
    ['is empty', new Uint8Array(), /is not a safetensors file[\s\S]*0 bytes/],
    ['is truncated in its header', file.subarray(0, 100), /is not a safetensors|is truncated/],
    ['is truncated', file.subarray(0, -4), /is truncated|does not match/],
    ['is longer than its tensors', new Uint8Array([...file, 0]), /does not match its tensors/],
    ['has no model', packSafetensors(tensors, {}), /has tensors but no model[\s\S]*pass the model/],
    ['lacks a tensor', packSafetensors(others, metadata), /conv2d\.kernel \[3, 3, 3, 16\] is missing/],
    [
      'has a stranger',
      packSafetensors([...tensors, { ...first, name: 'lstm.kernel' }], metadata),
      /lstm\.kernel does not belong to a layer/,
    ],
    [
      'has another shape',
      packSafetensors([turned, ...others], metadata),
      /conv2d\.kernel is \[16, 3, 3, 3\], the layer's \[3, 3, 3, 16\]/,
    ],
    ['has a model that is invalid', packSafetensors(tensors, { model: '{"layers": 3}' }), /inputShape/],
    ['has a model that is no JSON', packSafetensors(tensors, { model: '{' }), /its model is not JSON/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, { name: 'it' })).toThrow(message);
  });

  test('a given model replaces the one in the file', () => {
    const back = parseSafetensors(packSafetensors(tensors, {}), { model: resnet.model });
    expect(bitsOf(back.weights)).toEqual(bitsOf(resnet.weights));
  });
});
