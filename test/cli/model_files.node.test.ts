import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportModel, type ModelFormat } from '../../src/formats/export_model.ts';
import { modelOfRun, runOfModel } from '../../src/formats/model_of_run.ts';
import { formatRun, parseRun } from '../../src/formats/run_file.ts';
import { type Model, presetModel } from '../../src/index.ts';
import { bitsOf, trained } from '../formats/made_models.ts';
import { call, temporaryFolder } from './wgrad.ts';

const network = {
  ...trained(presetModel('mobilenet-small', [8, 8, 1], 3)),
  classNames: ['a', 'b', 'c'],
  rescale: 1 / 100,
};
let folder: string;
let run: string;
beforeAll(() => {
  folder = temporaryFolder();
  run = join(folder, 'first.wgrad');
  writeFileSync(run, formatRun(runOfModel({ ...network, weights: [...network.weights] })));
});

test("a run's model has its layers, the factor of its images and the moving averages of its weights", () => {
  const saved = parseRun(readFileSync(run));
  const own = modelOfRun(saved);
  expect(own).toMatchObject({ model: network.model, classNames: network.classNames, rescale: 1 / 100 });
  expect(bitsOf(own.weights)).toEqual(bitsOf(network.weights));
  expect(modelOfRun({ ...saved, options: { model: network.model } }).rescale).toBeCloseTo(1 / 255, 12);
  expect(modelOfRun({ ...saved, options: { model: network.model, augmentation: [] } }).rescale).toBeCloseTo(
    1 / 255,
    12,
  );
  const centered = { model: network.model, augmentation: { featurewiseCenter: true } };
  expect(modelOfRun({ ...saved, options: centered }).rescale).toBe(null);
  const averages = saved.snapshot.slots.slice(0, saved.snapshot.slots.length / 2);
  const averaged = modelOfRun({ ...saved, snapshot: { ...saved.snapshot, averages } });
  // Adam's first slots are zeros here; moving statistics have no average.
  expect(averaged.weights[0]!.every((x) => x === 0)).toBe(true);
  expect(averaged.weights.filter((tensor) => tensor.some((x) => x !== 0))).toHaveLength(2 * 11);
});

describe('wgrad export', () => {
  test.each<[ModelFormat, string[]]>([
    ['onnx', []],
    ['safetensors', []],
    ['npz', []],
    ['tfjs', ['model.json', 'weights.bin']],
    ['keras', ['model.py', 'weights.npz']],
    ['pytorch', ['model.py', 'weights.safetensors']],
  ])('%s', async (format, names) => {
    const out = join(folder, `made.${format}`);
    const { code, stdout, stderr } = await call('export', run, '--format', format, '--out', out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const paths = names.length ? names.map((name) => join(out, name)) : [out];
    for (const path of paths) expect(stdout).toContain(`written  ${path}`);
    const files = exportModel(modelOfRun(parseRun(readFileSync(run))), format);
    const read = paths.map((path) => new Uint8Array(readFileSync(path)));
    expect(read).toEqual(files.map(({ bytes }) => bytes));
  });

  test.each<[string, string[], RegExp]>([
    ['an unknown format', ['--format', 'onxx', '--out', 'x'], /--format has an unknown value[\s\S]*"onnx"/],
    ['no format', ['--out', 'x'], /Required option '--format <name>'/],
    ['bytes for another format', ['--format', 'npz', '--out', 'x', '--input', 'bytes'], /input is an option of onnx/],
    ['a folder that is none', ['--format', 'onnx', '--out', '/nowhere/at/all'], /its folder does not exist/],
  ])('rejects %s', async (_, args, message) => {
    const { code, stderr } = await call('export', run, ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('rejects files that are not runs, and layers that a format does not support', async () => {
    const none = await call('export', join(folder, 'none.wgrad'), '--format', 'onnx', '--out', join(folder, 'x'));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/none\.wgrad cannot be read/) });
    const model: Model = {
      inputShape: [4, 4, 2],
      layers: [
        { type: 'groupNormalization', groups: 2 },
        { type: 'flatten' },
        { type: 'dense', units: 2, activation: 'softmax' },
      ],
    };
    const grouped = join(folder, 'grouped.wgrad');
    writeFileSync(grouped, formatRun(runOfModel({ model })));
    const { code, stderr } = await call('export', grouped, '--format', 'tfjs', '--out', join(folder, 'never'));
    expect(stderr).toMatch(/TensorFlow\.js cannot express this model: it has no group normalization[\s\S]*onnx/);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });
});

describe('wgrad import', () => {
  test.each(['tfjs', 'safetensors', 'onnx'] as const)('a model exported as %s can be imported', async (format) => {
    const [out, back] = [join(folder, `back.${format}`), join(folder, `back.${format}.wgrad`)];
    await call('export', run, '--format', format, '--out', out);
    const { code, stdout, stderr } = await call('import', out, '--out', back);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/read .*layers, with its weights[\s\S]*written/);
    const { snapshot, dataset, options } = parseRun(readFileSync(back));
    expect(bitsOf(snapshot.weights)).toEqual(bitsOf(network.weights));
    expect(dataset).toMatchObject({ classNames: ['a', 'b', 'c'], imageShape: [8, 8, 1] });
    expect(options.augmentation).toEqual({ rescale: 1 / 100 });
  });

  test("Keras' to_json() and wgrad's JSON give networks with new weights", async () => {
    const own = join(folder, 'own.json');
    writeFileSync(own, JSON.stringify(network.model));
    const keras = join(folder, 'keras.json');
    const topology = JSON.parse(new TextDecoder().decode(exportModel(network, 'tfjs')[0]!.bytes)).modelTopology;
    writeFileSync(keras, JSON.stringify(JSON.stringify(topology)));
    for (const path of [own, keras]) {
      const { code, stdout } = await call('import', path, '--out', join(folder, 'new.wgrad'));
      expect(stdout).toMatch(/without weights: training starts with new ones/);
      expect(code).toBe(0);
      expect(parseRun(readFileSync(join(folder, 'new.wgrad'))).snapshot.weights).toHaveLength(network.weights.length);
    }
  });

  test('rejects files that it cannot read, and says what they seem to be', async () => {
    const cases: [string, Uint8Array | string, RegExp][] = [
      ['empty', '', /found: "an empty file"/],
      ['model.h5', new Uint8Array([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10]), /an HDF5 file that can't be read/],
      ['a.onnx', exportModel(network, 'onnx')[0]!.bytes.slice(0, 900), /a\.onnx is no ONNX model, or is damaged/],
      ['a.npz', exportModel(network, 'npz')[0]!.bytes, /NumPy arrays \(\.npz\)/],
      ['first.wgrad', readFileSync(run), /a run that wgrad has saved/],
      ['a.json', '{"a": 1}', /JSON with a"/],
      ['b.json', '{"a": ', /JSON that is truncated/],
      ['subclass.json', '{"class_name": "MyModel", "config": {}}', /of a kind that wgrad cannot read/],
      [
        'outside.json',
        JSON.stringify({
          ...JSON.parse(new TextDecoder().decode(exportModel(network, 'tfjs')[0]!.bytes)),
          weightsManifest: [{ paths: ['../../secret.bin'], weights: [] }],
        }),
        /refers to weights outside of its folder/,
      ],
    ];
    mkdirSync(join(folder, 'bad'), { recursive: true });
    for (const [name, content, message] of cases) {
      const path = join(folder, 'bad', name);
      writeFileSync(path, content);
      const { code, stderr } = await call('import', path, '--out', join(folder, 'bad', 'out.wgrad'));
      expect(stderr, name).toMatch(message);
      expect(code, name).toBe(2);
    }
  });
});
