import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { datasetRoutes, knownDatasets } from '../../src/cli/dataset_server.ts';
import { type Served, serve } from '../../src/cli/server.ts';
import { createDataset } from '../../src/data/dataset.ts';
import { unpackFiles } from '../../src/data/packed_files.ts';
import { encodedPictures } from '../../src/data/picture_source.ts';

let server: Served;
beforeAll(async () => {
  vi.stubEnv('WGRAD_DATA_DIR', inject('folder')); // Without any data sets.
  server = await serve(import.meta.dirname, datasetRoutes(knownDatasets()));
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});

const get = (path: string) => fetch(new URL(path, server.url));

test('the facts of a data set, and its bytes', async () => {
  const facts = await (await get('datasets/digits')).json();
  expect(facts).toMatchObject({ imageShape: [8, 8, 1], train: { count: 1500 }, test: { count: 297 } });
  const images = new Uint8Array(await (await get('datasets/digits/train/images')).arrayBuffer());
  expect(images.length).toBe(1500 * 64);
  expect(Math.max(...images)).toBe(255);
  const labels = await (await get('datasets/digits/test/labels')).arrayBuffer();
  expect(labels.byteLength).toBe(297);
});

test('the images at given indices, for a page that does not hold all of them', async () => {
  const whole = new Uint8Array(await (await get('datasets/digits/train/images')).arrayBuffer());
  const post = (body: Uint32Array<ArrayBuffer>) =>
    fetch(new URL('datasets/digits/train/images', server.url), { method: 'POST', body });
  const some = new Uint8Array(await (await post(Uint32Array.of(1499, 3, 3))).arrayBuffer());
  const image = (index: number) => [...whole.subarray(64 * index, 64 * (index + 1))];
  expect([...some]).toEqual([...image(1499), ...image(3), ...image(3)]);
  const beyond = await post(Uint32Array.of(1500));
  expect(beyond.status).toBe(400);
  expect(await beyond.text()).toContain('There is no image 1500');
});

test('encoded pictures at given indices, in one message', async () => {
  const files = [[1], [2, 2, 2], [], [4, 5]].map((bytes) => Uint8Array.from(bytes));
  const pictures = files.map((bytes, i) => ({ path: `${i}.png`, file: new Blob([bytes]) }));
  const source = encodedPictures(pictures, { imageShape: [2, 2, 1], fit: 'cover' });
  const train = createDataset({ source, labels: [0, 1, 0, 1], imageShape: [2, 2, 1] });
  const route = datasetRoutes(async () => ({ train, test: train }));
  const served = await serve([], (request, response, next) => void route(request, response, next));
  try {
    const at = new URL('datasets/run/train/pictures', served.url);
    const post = async (indices: readonly number[]) => {
      const response = await fetch(at, { method: 'POST', body: Uint32Array.from(indices) });
      if (!response.ok) throw new Error(await response.text());
      return new Uint8Array(await response.arrayBuffer());
    };
    const read = unpackFiles(await post([3, 0, 2, 1, 3]), 5);
    expect(read.map((file) => [...file])).toEqual([[4, 5], [1], [], [2, 2, 2], [4, 5]]);
    expect(unpackFiles(await post([]), 0)).toEqual([]);
    await expect(post([4])).rejects.toThrow('There is no image 4');
    const packed = await post([0, 1]);
    for (const damaged of [packed.slice(0, -1), packed.slice(0, 5), new Uint8Array([...packed, 1])])
      expect(() => unpackFiles(damaged, 2)).toThrow('sent different bytes than requested');
  } finally {
    served.close();
  }
  expect((await fetch(new URL('datasets/digits/train/pictures', server.url), { method: 'POST' })).status).toBe(400);
});

test('a list of the data sets, with the command to get the missing ones', async () => {
  const list = await (await get('datasets.json')).json();
  expect(Object.keys(list)).toEqual(['mnist', 'fashion-mnist', 'digits', 'cifar10']);
  expect(list.digits).toBeNull();
  expect(list.cifar10).toMatchObject({ what: 'The data set cifar10 is not on this machine' });
  expect(list.cifar10.fix).toContain('wgrad data get cifar10');
});

test('an unknown data set is rejected with the nearest name, and a folder without being accessed', async () => {
  const unknown = await get('datasets/digit');
  expect(unknown.status).toBe(404);
  expect(await unknown.text()).toContain('"digits"');
  expect((await get('datasets/%2Fetc')).status).toBe(404);
});

test('only serves the files of its folder', async () => {
  const file = await get('dataset_server.node.test.ts');
  expect(file.status).toBe(200);
  await file.arrayBuffer();
  expect((await get('%2e%2e/README.md')).status).toBe(404);
});
