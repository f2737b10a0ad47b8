import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, test } from 'vitest';
import { readDatasets } from '../../src/cli/datasets.ts';
import { runOfModel } from '../../src/formats/model_of_run.ts';
import { formatRun, parseRun } from '../../src/formats/run_file.ts';
import { type Dataset, type Model, presetModel } from '../../src/index.ts';
import { bitsOf, trained } from '../formats/made_models.ts';
import { call, runHere, temporaryFolder } from './wgrad.ts';

const software = ['--adapter', 'software'];
let folder: string;
let model: string;
let images: string;
let testImages: Dataset;
const path = (name: string) => join(folder, name);

/** A network that learns digits quickly. */
const small: Model = {
  inputShape: [8, 8, 1],
  layers: [
    { type: 'conv2d', filters: 8, kernelSize: 3, activation: 'relu' },
    { type: 'flatten' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
};

beforeAll(async () => {
  folder = temporaryFolder();
  model = path('digits.wgrad');
  images = path('images');
  mkdirSync(images);
  testImages = (await readDatasets('digits')).test;
  for (let i = 0; i < 6; i++) {
    const data = testImages.images.slice(64 * i, 64 * (i + 1));
    writeFileSync(join(images, `${i}.png`), encode({ width: 8, height: 8, data, channels: 1, depth: 8 }));
  }
  const training = ['train', '--dataset', 'digits', '--epochs', '3', '--augment', 'none', '--optimizer', 'adam'];
  const { code, stderr } = await runHere(
    ...training,
    ...['--learning-rate', '0.01', '--model', JSON.stringify(small), '--save', model, ...software],
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

describe('wgrad predict', () => {
  test('a folder and files, as a table and as JSON', async () => {
    const json = path('predictions.json');
    const broken = path('broken.png');
    writeFileSync(broken, readFileSync(join(images, '0.png')).subarray(0, 50));
    const { code, stdout, stderr } = await runHere(
      ...['predict', model, images, broken, join(images, '3.png'), '--top', '2', '--json', json, ...software],
    );
    // Readable pictures are predicted.
    expect(code).toBe(2);
    expect(stderr).toMatch(/1 picture of 8 cannot be decoded[\s\S]*broken\.png/);
    expect(stdout).toMatch(/picture +│ class +│ probability │ class 2/);
    const predictions: { picture: string; classes?: { className: string; probability: number }[]; error?: string }[] =
      JSON.parse(readFileSync(json, 'utf8'));
    expect(predictions.map(({ picture }) => picture)).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((i) => join(images, `${i}.png`)),
      broken,
      join(images, '3.png'),
    ]);
    expect(predictions[6]).toEqual({ picture: broken, error: 'cannot be decoded' });
    expect(predictions[7]!.classes).toEqual(predictions[3]!.classes);
    const correct = predictions
      .slice(0, 6)
      .filter(({ classes }, i) => classes![0]!.className === `${testImages.labels[i]}`);
    expect(correct.length).toBeGreaterThanOrEqual(4);
    for (const { classes } of predictions.slice(0, 6)) {
      expect(classes).toHaveLength(2);
      expect(classes![0]!.probability).toBeGreaterThanOrEqual(classes![1]!.probability);
    }
  });

  test.each<[string, () => string[], RegExp]>([
    [
      'a model that is not there',
      () => ['none.wgrad', images],
      /none\.wgrad cannot be read\.\n +found: "no such file or folder"\n +expected: a run/,
    ],
    ['a picture that is not there', () => [model, path('none.png')], /picture does not exist[\s\S]*none\.png/],
    ['a folder without pictures', () => [model, temporaryFolder()], /no pictures/],
    ['no picture', () => [model], /missing required argument 'pictures'/i],
    ['top 0', () => [model, images, '--top', '0'], /--top has an invalid value/],
    ['a network without weights', () => [networkAlone(), images], /without weights/],
  ])('rejects %s', async (_, args, message) => {
    const { code, stderr } = await call('predict', ...args());
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  function networkAlone(): string {
    writeFileSync(path('network.json'), JSON.stringify(small));
    return path('network.json');
  }
});

describe('wgrad evaluate', () => {
  test('figures, the confusion matrix, and JSON on the standard output', async () => {
    const { history } = parseRun(readFileSync(model));
    const last = history.epochs.at(-1)!;
    const { code, stdout, stderr } = await runHere('evaluate', model, '--json', '-', ...software);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/test {5}loss/) });
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ model, dataset: 'digits', images: 297, loss: last.validationLoss });
    expect(figures.accuracy).toBe(last.validationAccuracy);
    const matrix: number[][] = figures.confusionMatrix;
    expect(matrix.flat().reduce((a, b) => a + b)).toBe(297);
    expect(matrix.reduce((sum, row, i) => sum + row[i]!, 0) / 297).toBeCloseTo(figures.accuracy, 10);
    const table = await runHere('evaluate', model, '--test-samples', '50', ...software);
    expect(table.stdout).toMatch(/50 test images[\s\S]*actual \\ predicted[\s\S]*precision/);
  });

  test.each<[string, () => string[], RegExp]>([
    [
      'images of another shape',
      () => [model, '--dataset', 'mnist'],
      /don't have the model's input shape[\s\S]*8, 8, 1/,
    ],
    ['a model that names no data set', () => [foreign()], /does not name a data set[\s\S]*--dataset/],
    ['more metrics than there are', () => [model, '--tta', '0'], /--tta has an invalid value/],
  ])('rejects %s', async (_, args, message) => {
    const { code, stderr } = await call('evaluate', ...args());
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

/** A model from another program, as `import` creates it. */
function foreign(): string {
  const network = trained(presetModel('mobilenet-small', [8, 8, 1], 3));
  const file = path('foreign.wgrad');
  writeFileSync(file, formatRun(runOfModel({ ...network, weights: [...network.weights] })));
  return file;
}

describe('wgrad train --from', () => {
  test('starts from the weights, even for other classes, and does not change frozen layers', async () => {
    const pictures = path('pictures');
    for (const [i, name] of ['cat', 'dog', 'cat', 'dog', 'dog', 'cat'].entries()) {
      mkdirSync(join(pictures, name), { recursive: true });
      writeFileSync(join(pictures, name, `${i}.png`), readFileSync(join(images, `${i}.png`)));
    }
    const save = path('pets.wgrad');
    const args = ['--from', model, '--freeze', 'conv*', '--dataset', pictures, '--epochs', '1', '--save', save];
    const { code, stdout, stderr } = await runHere('train', ...args, ...software);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/from .*weights of conv2d; new weights for dense/);
    const [before, after] = [model, save].map((file) => parseRun(readFileSync(file)));
    expect(after!.dataset.classNames).toEqual(['cat', 'dog']);
    expect(after!.options.model.layers).toMatchObject([{ trainable: false }, {}, { units: 2 }]);
    const convolution = (of: typeof before) => bitsOf(of!.snapshot.weights.slice(0, 2));
    expect(convolution(after)).toEqual(convolution(before));
  });

  test.each<[string, () => string[], RegExp]>([
    ['--model too', () => ['--from', model, '--model', 'tutorial'], /--from and --model/],
    ['--resume too', () => ['--from', model, '--resume', model], /--from and --resume/],
    ['--freeze with --resume', () => ['--freeze', 'conv*', '--resume', model], /--freeze changes/],
    [
      'a pattern of no layer',
      () => ['--from', model, '--freeze', 'cnv2d', '--dataset', 'digits'],
      /cnv2d[\s\S]*conv2d/,
    ],
    [
      'images that it does not take',
      () => ['--from', model, '--dataset', 'mnist'],
      /don't have the model's input shape/,
    ],
  ])('rejects %s', async (_, args, message) => {
    const { code, stderr } = await call('train', ...args());
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
