import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../src/cli/run_options.ts';
import { withLossFor } from '../../src/cli/trainer_settings.ts';
import { mnistLike } from '../data/made_files.ts';
import { call, runHere, temporaryFolder } from './wgrad.ts';

function folderOf(files: Record<string, Uint8Array | string>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** A PNG with a bright row in the upper or the lower half. */
function png(label: number, i: number, [width, height] = [8, 8], depth: 8 | 16 = 8): Uint8Array {
  const data = new Uint8Array(width * height).fill(i % 50);
  data.fill(200, width * (1 + label * (height / 2)), width * (2 + label * (height / 2)));
  // Values of 12 bits, whose lower bits differ too.
  const wide = Uint16Array.from(data, (level) => 16 * level + (i % 16));
  return encode({ width, height, data: depth === 16 ? wide : data, channels: 1, depth });
}

function pictures(
  split: string,
  of: number,
  ending = '.png',
  sides?: [number, number],
  depth?: 8 | 16,
): Record<string, Uint8Array> {
  const names = ['above', 'below'].flatMap((name, label) =>
    Array.from(
      { length: of },
      (_, i) => [`${split}/${name}/images/${i}${ending}`, png(label, i, sides, depth)] as const,
    ),
  );
  return Object.fromEntries(names);
}

const small = JSON.stringify({
  inputShape: [8, 8, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'softmax' }],
});
const large = small.replace('8,8', '32,32');
const flags = ['--model', small, '--augment', 'none', '--adapter', 'software', '--learning-rate', '0.02'];

describe('the command reads a folder of pictures in the same way as the page', () => {
  test('three splits, other sizes and other files: the report says what was read and what was ignored', async () => {
    const folder = folderOf({
      ...pictures('training_set', 32, '.JPEG'), // The content determines the format.
      ...pictures('val', 8),
      ...pictures('test', 4),
      'training_set/above/wide.png': png(0, 3, [16, 8]),
      'training_set/above/scan.tif': 'II*\0\x08\0\0\0',
      'test/loose.png': png(0, 1),
      'class_to_idx.json': '{}',
      '__MACOSX/val/._1.png': '\0\x05\x16\x07',
      'empty.bin': '',
    });
    symlinkSync(join(folder, 'val/above/images/0.png'), join(folder, 'training_set/below/linked'));
    symlinkSync(folder, join(folder, 'training_set/above/around')); // A link that leads to a folder that was already visited.
    const json = join(temporaryFolder(), 'run.json');
    const { code, stdout, stderr } = await runHere(
      'train',
      '--dataset',
      folder,
      '--epochs',
      '8',
      ...flags,
      '--json',
      json,
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('66 training and 16 test images of 8 x 8 x 1, 2 classes');
    for (const line of [
      'read     training: 66 images from training_set',
      'read     validation: 16 images from val',
      'read     test: 8 images from test, kept aside: training does not use it',
      'read     sizes of the pictures, width × height: 8 × 8 (89), 16 × 8 (1)',
      'read     images of 8 × 8, the size of more than half of the pictures; the other one is scaled without stretching',
      'read     ignored training_set/above/scan.tif: TIFF, which this browser cannot decode',
      'read     ignored test/loose.png: a picture directly in test has no class',
      'read     ignored class_to_idx.json: JSON',
      'read     ignored empty.bin: empty file',
      'read     ignored __MACOSX/val/._1.png: hidden or system file',
    ]) {
      expect(stdout).toContain(line);
    }
    const { config, epochs } = JSON.parse(readFileSync(json, 'utf8'));
    expect(config).toMatchObject({ dataset: folder, trainSamples: 66, testSamples: 16 });
    expect(epochs.at(-1).validationAccuracy).toBeGreaterThan(0.9);
  });

  test('pictures with a table of numbers: a regression with a suitable loss; the report says what the table leaves out', async () => {
    const shade = (i: number) => 6 * i;
    const plain = (i: number) =>
      encode({ width: 8, height: 8, data: new Uint8Array(64).fill(shade(i)), channels: 1, depth: 8 });
    const rows = Array.from({ length: 40 }, (_, i) => `${i}.png,${shade(i) / 256},${i % 2},gray`);
    const folder = folderOf({
      ...Object.fromEntries(rows.map((_, i) => [`photos/${i}.png`, plain(i)])),
      'photos/labels.csv': ['file,brightness,isOdd,color', ...rows.slice(0, 38), ''].join('\n'),
    });
    const json = join(temporaryFolder(), 'run.json');
    const model = JSON.stringify({ inputShape: [8, 8, 1], layers: [{ type: 'flatten' }, { type: 'dense', units: 2 }] });
    const numbers = ['--model', model, '--augment', '{"rescale":0.00390625}', '--adapter', 'software'];
    const { code, stdout, stderr } = await runHere(
      ...['train', '--dataset', folder, '--epochs', '8', ...numbers, '--learning-rate', '0.02', '--json', json],
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('2 numbers for each: brightness, isOdd');
    expect(stdout).toContain('numbers from photos/labels.csv: brightness, isOdd');
    expect(stdout).toContain('columns of photos/labels.csv without numbers: color');
    expect(stdout).toContain('a picture for which photos/labels.csv has no numbers');
    const { config, epochs } = JSON.parse(readFileSync(json, 'utf8'));
    expect(config.loss).toBe('meanSquaredError');
    expect(epochs.at(-1).validationMeanAbsoluteError).toBeLessThan(epochs[0].validationMeanAbsoluteError / 1.3);
    const train = { classNames: [], targets: Float32Array.of(0, 1, 1) };
    expect(withLossFor({} as RunOptions, train)).toEqual({ loss: 'binaryCrossentropy' });
    expect(withLossFor({ loss: 'huber' } as RunOptions, train)).toEqual({ loss: 'huber' });
    expect(withLossFor({} as RunOptions, { ...train, classNames: ['a'] })).toEqual({});
  });

  test('--memory-budget: 16-bit pictures that do not fit are decoded and stretched while the network trains, to the same bits', {
    timeout: 120_000,
  }, async () => {
    const sides: [number, number] = [32, 32];
    const folder = folderOf({ ...pictures('train', 40, '.png', sides, 16), ...pictures('test', 8, '.png', sides, 16) });
    const flags = ['--model', large, '--augment', 'none', '--adapter', 'software', '--stretch'];
    const work = temporaryFolder();
    const train = async (name: string, ...more: string[]) => {
      const json = join(work, `${name}.json`);
      const order = ['train', '--dataset', folder, '--epochs', '2', '--batch-size', '8', ...flags, '--json', json];
      const { code, stdout, stderr } = await runHere(...order, ...more);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return { stdout, ...JSON.parse(readFileSync(json, 'utf8')) };
    };
    const resident = await train('resident');
    expect(resident.images.training).toMatchObject({ kind: 'resident', from: 'memory', bytes: 80 * 1024 });
    expect(resident.stdout).toContain(
      '96 16-bit pictures: values from 0 to 3215, stretched over 0 to 255, as requested',
    );
    const save = join(work, 'run.wgrad');
    const streamed = await train('streamed', '--memory-budget', '200kB', '--save', save);
    expect(streamed.images.training).toMatchObject({ kind: 'streamed', from: 'pictures', images: 80, imagesRead: 160 });
    expect(streamed.stdout).toContain('pictures are decoded during training');
    expect(streamed.stdout).toMatch(/images {3}80 training images, 80\.0 KiB: streamed from pictures, \d+ chunks/);
    expect(streamed.steps.map(({ loss }: { loss: number }) => loss)).toEqual(
      resident.steps.map(({ loss }: { loss: number }) => loss),
    );
    expect(streamed.epochs.at(-1).validationLoss).toBe(resident.epochs.at(-1).validationLoss);
    // How the folder was read is part of the run. Another memory budget doesn't make it a different run: the pictures stay in their files,
    // as recorded in the saved run.
    const longer = join(work, 'longer.json');
    const resume = ['train', '--dataset', folder, '--resume', save, '--epochs', '3', '--adapter', 'software'];
    const again = await runHere(...resume, '--memory-budget', '1GB', '--json', longer);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('values from 0 to 3215, stretched over 0 to 255');
    expect(JSON.parse(readFileSync(longer, 'utf8')).images.training).toMatchObject({
      kind: 'resident',
      from: 'pictures',
    });
    const evaluated = join(work, 'evaluated.json');
    const evaluation = await runHere(
      ...['evaluate', save, '--dataset', folder, '--adapter', 'software', '--json', evaluated],
    );
    expect(evaluation).toMatchObject({ code: 0 });
    expect(evaluation.stdout).toContain('values from 0 to 3215, stretched over 0 to 255, as requested');
    expect(JSON.parse(readFileSync(evaluated, 'utf8')).loss).toBe(streamed.epochs.at(-1).validationLoss);
    writeFileSync(join(folder, 'train/above/images/0.png'), png(0, 33, sides, 16));
    // The flag may be repeated: what is refused is another picture.
    const other = await runHere(...resume, '--stretch');
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain('but other ones');
  });

  test('one picture of each class: rejected with the numbers, or trained without validation', async () => {
    const folder = folderOf(pictures('.', 1));
    const refused = await runHere('data', 'inspect', folder);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/2 images of 2 classes, one of each.*at least 2 images.*--validation-split 0/s);
    const trained = await runHere('train', '--dataset', folder, '--epochs', '1', ...flags, '--validation-split', '0');
    expect({ code: trained.code, stderr: trained.stderr }).toMatchObject({ code: 0 });
    expect(trained.stdout).toContain('2 training and 0 test images of 8 x 8 x 1');
    expect(trained.stdout).toMatch(/^epoch 1\/1 .*images\/s/m);
    expect(trained.stdout).not.toContain('validation loss 0');
  });
});

describe('files that do not require Chrome', () => {
  test('published files of each format', async () => {
    const { cases } = JSON.parse(readFileSync(new URL('../fixtures/data_files.json', import.meta.url), 'utf8'));
    const gray = '6 training and 3 test images of 4 x 4 x 1, 3 classes';
    for (const [name, facts, ...flags] of [
      ['mnist.npz, as Keras has it', gray],
      ['MedMNIST: three splits, labels in a column', '6 training and 2 test images of 4 x 4 x 1, 3 classes'],
      ['.npy.gz', gray],
      ['values from 0 to 16, stretched', 'values from 0 to 15, stretched over 0 to 255, as requested', '--stretch'],
      ['IDX of the type f4', gray],
      ['QMNIST: eight numbers for each label', gray],
      ["one of EMNIST's sets, by its name", '4 x 4 x 1, 26 classes', '--labels', 'letters'],
      ['CIFAR-100 with fine labels', '4 training and 2 test images of 32 x 32 x 3, 100 classes'],
      ['CIFAR-100 with coarse labels', '32 x 32 x 3, 20 classes', '--labels', 'coarse'],
      ['words with commas, quotes and line breaks in them', gray],
      ['FER2013: pixels in one cell, splits in a column', '6 training and 2 test images of 4 x 4 x 1'],
      ['SVHN', '6 training and 3 test images of 4 x 4 x 3, 3 classes'],
      ['zip', gray],
      ['tar, PAX', gray],
      ['tar.gz', gray],
    ] as const) {
      const { files } = cases.find((one: { name: string }) => one.name === name);
      const folder = folderOf(
        Object.fromEntries(
          Object.entries(files as Record<string, string>).map(([path, text]) => [path, Buffer.from(text, 'base64')]),
        ),
      );
      const { code, stdout, stderr } = await call('data', 'inspect', folder, ...flags);
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
      expect(stdout, name).toContain(facts);
    }
  });

  test('IDX files in folders named like them, and compressed copies next to them: one of them is used', async () => {
    const files = Object.entries(mnistLike).flatMap(([name, bytes]) => [
      [`${name}/${name}`, bytes] as const,
      [`${name}.gz`, new Uint8Array(gzipSync(bytes))] as const,
    ]);
    const folder = folderOf({ ...Object.fromEntries(files), '__MACOSX/._train-images-idx3-ubyte': '\0\x05\x16\x07' });
    const { code, stdout, stderr } = await call('data', 'inspect', folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 training and 2 test images of 1 x 2 x 1');
    expect(stdout).toContain(
      'train-images-idx3-ubyte/train-images-idx3-ubyte was used instead of train-images-idx3-ubyte.gz, which has the same content',
    );
    expect(stdout).toContain('read     test: 2 images from t10k-images-idx3-ubyte/t10k-images-idx3-ubyte');
  });

  test.each<[string, Record<string, Uint8Array | string>, string, string[]]>([
    [
      'an archive that is truncated',
      { 'pictures.zip': 'PK\x03\x04\x14\0' },
      'pictures.zip',
      ['damaged or truncated', 'download'],
    ],
    ['a table', { 'set/train.csv': 'name,x,y\n1,2,3\n' }, 'set', ['train.csv: table of values (CSV)', 'pixels']],
    ['a folder that does not exist', {}, 'nowhere', ['No known data set and no folder has this name', 'nowhere']],
    ['nothing but text', { 'readme.md': '# x' }, '.', ['readme.md: text', 'a folder of pictures', 'IDX files']],
  ])('%s is rejected with its format and the readable formats', async (_, files, path, words) => {
    const { code, stdout, stderr } = await call('train', '--dataset', join(folderOf(files), path));
    for (const word of words) expect(stderr).toContain(word);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    ['a share of one', ['--dataset', 'x', '--validation-split', '1'], '--validation-split'],
    ['nothing of a data set that has a split', ['--dataset', 'digits', '--validation-split', '0'], 'validationSplit'],
    ['a data set of one size', ['--dataset', 'digits', '--image-size', '32'], '--image-size'],
    [
      'a comparison without validation',
      ['--a', 'none', '--b', 'tutorial', '--validation-split', '0'],
      '--validation-split 0',
    ],
  ])('flags: %s', async (_, args, word) => {
    const { code, stderr } = await call(args.includes('--a') ? 'compare' : 'train', ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(word) });
  });
});
