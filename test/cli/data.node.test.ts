import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { formatCifar10, type Inspection } from '../../src/data/index.ts';
import { call, run, runHere, temporaryFolder } from './wgrad.ts';

beforeAll(async () => {
  // The first call builds the command, which must not be part of a test.
  expect(await run('data', '--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/inspect.*get/s) });
});

/** An image of CIFAR-10's size, unique for its number. */
function image(number: number): Uint8Array {
  const bytes = new Uint8Array(32 * 32 * 3).fill(128);
  bytes[number] = 1 + number;
  return bytes;
}

const blank = new Uint8Array(32 * 32 * 3);

function batch(...records: [image: Uint8Array, label: number][]): Uint8Array {
  const bytes = formatCifar10(
    Uint8Array.from(Buffer.concat(records.map(([image]) => image))),
    records.map(() => 0),
  );
  // formatCifar10 rejects invalid labels.
  records.forEach(([, label], i) => {
    bytes[i * 3073] = label;
  });
  return bytes;
}

function cifarFolder(files: Record<string, Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

const everythingWrong = () =>
  cifarFolder({
    'data_batch_1.bin': batch([image(1), 3], [image(2), 4], [image(1), 3]),
    // 10 sorts after 2.
    'data_batch_10.bin': batch([blank, 0], [image(3), 200]),
    'data_batch_2.bin': batch([image(2), 5], [image(4), 9]),
    'test_batch.bin': batch([image(1), 3], [image(5), 1], [image(6), 1]),
  });

describe('wgrad data inspect', () => {
  test("scikit-learn's digits: counts, and nothing to clean", async () => {
    const file = join(temporaryFolder(), 'inspection.json');
    const { code, stdout, stderr } = await call('data', 'inspect', 'digits', '--json', file);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: '' });
    expect(stdout).toContain('digits: 1,500 training and 297 test images of 8 x 8 x 1, 10 classes');
    expect(stdout).toMatch(/│ 9 +│ +149 │ +31 │/);
    expect(stdout).toMatch(/│ duplicates +│ .* │ +│ +0 │ +0 │/);
    expect(stdout).toContain('Nothing to clean.');
    const inspection: Inspection & { dataset: string } = JSON.parse(readFileSync(file, 'utf8'));
    expect(inspection).toMatchObject({ dataset: 'digits', imageShape: [8, 8, 1], same: [] });
    expect(inspection.train.classCounts).toEqual([151, 151, 150, 153, 148, 152, 151, 149, 146, 149]);
  });

  test('a folder of CIFAR-10 batches with every kind of finding', async () => {
    const { code, stdout, stderr } = await call('data', 'inspect', everythingWrong());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('7 training and 3 test images of 32 x 32 x 3, 10 classes');
    expect(stdout).toMatch(/│ 3 cat +│ +2 │ +1 │/);
    for (const row of [
      /labels .* train 6 \(200\) +│ +1 │ +0 │/,
      /constant .* train 5 \(0 airplane\) +│ +1 │ +0 │/,
      /conflicts .* train 1 \(4 deer\) = train 3 \(5 dog\) +│ +2 │ +0 │/,
      /leaks .* test 0 \(3 cat\) = train 0 \(3 cat\) +│ +│ +1 │/,
      /duplicates .* train 2 \(3 cat\) = train 0 \(3 cat\) +│ +1 │ +0 │/,
      /a class has no image +│ 1 automobile +│ +5 │ +8 │/,
    ]) {
      expect(stdout).toMatch(row);
    }
    expect(stdout).toContain('wgrad train --clean labels,constant,conflicts,leaks,duplicates');
  });
});

describe('wgrad train --clean', () => {
  const model = {
    inputShape: [32, 32, 3],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
  };
  const flags = (...args: string[]) => [
    'train',
    '--model',
    JSON.stringify(model),
    '--epochs',
    '1',
    '--adapter',
    'software',
    ...args,
  ];

  test('leaves out the findings and reports them', async () => {
    const file = join(temporaryFolder(), 'run.json');
    const { code, stdout, stderr } = await runHere(
      ...flags('--dataset', everythingWrong(), '--clean', 'all', '--json', file),
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain(
      'dropped 5 training images (1 labels, 1 constant, 2 conflicts, 1 duplicates) and 1 test image (1 leaks); ' +
        '2 training and 2 test images stay',
    );
    expect(stdout).toMatch(/warning .*no training image is of class airplane, automobile, bird, deer/);
    expect(stdout).toContain('2 training and 2 test images of 32 x 32 x 3');
    const { config, steps } = JSON.parse(readFileSync(file, 'utf8'));
    expect(config).toMatchObject({
      clean: ['labels', 'constant', 'conflicts', 'leaks', 'duplicates'],
      trainSamples: 2,
      testSamples: 2,
    });
    expect(steps).toHaveLength(1);
  });

  test('a label that is not a class is an error if it is kept', async () => {
    const { code, stderr } = await call(...flags('--dataset', everythingWrong(), '--clean', 'duplicates,constant'));
    expect(stderr).toMatch(/training image 6 is outside the classes.*found: 200.*--clean labels/s);
    expect(code).toBe(2);
  });
});

test('wgrad sheet --clean draws the remaining images', async () => {
  const out = join(temporaryFolder(), 'sheet.png');
  const flags = ['--augment', 'none', '--draws', '1', '--out', out, '--adapter', 'software'];
  const dataset = everythingWrong();
  const { code, stdout, stderr } = await runHere('sheet', '--dataset', dataset, '--clean', 'all', ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('dropped 5 training images');
  expect(stdout).toContain(`${out}: 2 images of ${dataset}, 1 draw of each`);
  const refused = await call('sheet', '--dataset', dataset, '--clean', 'duplicates', ...flags);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--clean labels') });
});

describe('invalid usage ends with exit code 2', () => {
  afterEach(() => void vi.unstubAllEnvs());

  test.for<[string, () => string[], string[]]>([
    ['a data set to inspect', () => ['data', 'inspect', 'mnits'], ['"mnits"', '"mnist"', 'cifar10']],
    ['a data set to get', () => ['data', 'get', 'cifar'], ['"cifar"', '"cifar10"']],
    ['no data set', () => ['data', 'inspect'], ['data set']],
    ['a command', () => ['data', 'inspekt', 'digits'], ["'inspekt'", 'inspect']],
    ['a finding', () => ['train', '--clean', 'duplicate'], ['--clean', '"duplicate"', '"duplicates"']],
    ['none with others', () => ['train', '--clean', 'none,leaks'], ['--clean', '"none"', 'alone']],
    ['no finding', () => ['profile', '--clean', ''], ['--clean', '""', 'duplicates']],
    ['a folder for --json', () => ['data', 'inspect', 'digits', '--json', '/'], ['--json', 'folder']],
    [
      'a batch truncated',
      () => ['data', 'inspect', cifarFolder({ 'data_batch_1.bin': batch([image(1), 1]), 'test_batch.bin': image(1) })],
      ['test_batch.bin', '3072 bytes', '3073'],
    ],
    [
      'no test batch, and too few images to hold one out',
      () => ['data', 'inspect', cifarFolder({ 'data_batch_1.bin': batch([image(1), 1]) })],
      ['1 image of 1 class', 'at least 2 images of a class', '--validation-split 0'],
    ],
    ['a folder of nothing', () => ['data', 'inspect', temporaryFolder()], ['train-images', 'data_batch_*.bin']],
    ['CIFAR-10 that is not here', () => ['data', 'inspect', 'cifar10'], ['cifar10', 'wgrad data get cifar10']],
  ])('%s', async ([, args, words]) => {
    vi.stubEnv('WGRAD_DATA_DIR', temporaryFolder());
    const { code, stdout, stderr } = await call(...args());
    for (const word of words) expect(stderr).toContain(word);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('without a subcommand, the subcommands are listed', async () => {
    const { code, stderr } = await call('data');
    expect(stderr).toMatch(/Usage: wgrad data/);
    expect(code).toBe(2);
  });
});
