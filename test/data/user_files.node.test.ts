import { describe, expect, test } from 'vitest';
import { ConfigurationError, DataError, holdOut, readUserFiles } from '../../src/index.ts';
import { bytesOf, gzip, idx, joined, mnistLike, placed, textBytes } from './made_files.ts';

const trainImages = 'train-images-idx3-ubyte';
const images = ({ images }: { images: Uint8Array }) => [...images];
const labels = ({ labels }: { labels: ArrayLike<number> }) => Array.from(labels);
const failure = async (files: Record<string, BlobPart>): Promise<string> => {
  const error = await readUserFiles(placed(files)).catch((error: unknown) => error);
  if (!(error instanceof DataError)) throw new Error(`not a DataError: ${error}`);
  return error.message;
};

async function packed(files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>) {
  const all = Object.entries(files).map(async ([name, bytes]) => [`${name}.gz`, await gzip(bytes)] as const);
  return Object.fromEntries(await Promise.all(all));
}

describe('IDX files', () => {
  const expectMnistLike = (read: Awaited<ReturnType<typeof readUserFiles>>) => {
    expect(read.train).toMatchObject({ imageShape: [1, 2, 1] });
    expect([images(read.train), labels(read.train)]).toEqual([
      [1, 2, 3, 4],
      [1, 0],
    ]);
    expect(images(read.test)).toEqual([5, 6, 7, 8]);
    expect(read.validation).toBeUndefined();
  };

  test('the report names the files of each split', async () => {
    const read = await readUserFiles(placed(mnistLike));
    expectMnistLike(read);
    expect(read.report).toMatchObject({ format: 'IDX', ignored: [], notes: [] });
    expect(read.report.splits).toEqual([
      { split: 'train', images: 2, from: [trainImages, 'train-labels-idx1-ubyte'] },
      { split: 'test', images: 2, from: ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] },
    ]);
  });

  test.each<[string, (path: string) => string]>([
    ['a dot instead of a hyphen', (name) => name.replace('-idx', '.idx')],
    ['another folder', (name) => `MNIST/raw/${name}`],
    ['names that say nothing of the format', (name) => `${name.split('-').slice(0, 2).join('_')}.bin`],
    ['splits as folders', (name) => `${name.startsWith('train') ? 'training' : 'test'}/${name.split('-')[1]}`],
    ['a hidden folder around all', (name) => `.cache/${name}`],
  ])('%s', async (_, rename) => {
    const files = Object.fromEntries(Object.entries(mnistLike).map(([name, bytes]) => [rename(name), bytes]));
    expectMnistLike(await readUserFiles(placed(files)));
  });

  test('plain and as .gz, each in a folder of that name: one is used, and the report says which', async () => {
    const folders = Object.fromEntries(Object.entries(mnistLike).map(([name, bytes]) => [`${name}/${name}`, bytes]));
    const read = await readUserFiles(placed({ ...(await packed(mnistLike)), ...folders }));
    expectMnistLike(read);
    expect(read.report.splits[0]!.from[0]).toBe(`${trainImages}/${trainImages}`);
    expect(read.report.notes).toContain(
      `${trainImages}/${trainImages} was used instead of ${trainImages}.gz, which has the same content`,
    );
    expect(read.report.ignored).toHaveLength(4);
  });

  test('the undamaged one of two equal files is used', async () => {
    const gz = await packed(mnistLike);
    const read = await readUserFiles(
      placed({ ...gz, ...mnistLike, [trainImages]: mnistLike[trainImages]!.subarray(0, 18) }),
    );
    expectMnistLike(read);
    expect(read.report.ignored).toContainEqual({ path: trainImages, reason: expect.stringContaining('truncated') });
  });

  test.each<
    [string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>, boolean]
  >([
    ['zero bytes after its end', (bytes) => joined(bytes, new Uint8Array(512)), false],
    ['something else after its end', (bytes) => joined(bytes, textBytes('garbage')), true],
    ['an empty member after its own', async (bytes) => joined(bytes, await gzip(new Uint8Array())), false],
  ])('.gz with %s is read as gunzip reads it', async (_, change, isTold) => {
    const files = await packed(mnistLike);
    for (const [name, bytes] of Object.entries(files)) files[name] = await change(bytes);
    const read = await readUserFiles(placed(files));
    expectMnistLike(read);
    expect(read.report.notes.some((note) => note.includes('after the end'))).toBe(isTold);
  });

  test('.gz of several members', async () => {
    const files = await packed(mnistLike);
    const [whole] = [mnistLike[trainImages]!];
    for (const at of [3, 17]) {
      files[`${trainImages}.gz`] = joined(await gzip(whole.slice(0, at)), await gzip(whole.slice(at)));
      expectMnistLike(await readUserFiles(placed(files)));
    }
  });

  test('other files and system files are listed and are not errors', async () => {
    const beside = {
      'class_to_idx.json': '{"cat": 0}',
      'empty-images-idx3-ubyte': '',
      [`__MACOSX/._${trainImages}`]: bytesOf('\0\x05\x16\x07\0\x02\0\0Mac OS X'),
      '.DS_Store': bytesOf('\0\0\0\x01Bud1'),
      'Thumbs.db': bytesOf('\xd0\xcf\x11\xe0'),
      'doc/figure.png': bytesOf('\x89PNG\r\n\x1a\n'),
      'data_batch_notes.txt': 'none',
    };
    const read = await readUserFiles(placed({ ...beside, ...mnistLike }));
    expectMnistLike(read);
    const reasons = Object.fromEntries(read.report.ignored.map(({ path, reason }) => [path, reason]));
    expect(Object.keys(reasons).sort()).toEqual(Object.keys(beside).sort());
    expect(reasons).toMatchObject({
      'class_to_idx.json': 'JSON',
      'empty-images-idx3-ubyte': 'empty file',
      [`__MACOSX/._${trainImages}`]: 'hidden or system file',
      '.DS_Store': 'hidden or system file',
      'Thumbs.db': 'hidden or system file',
      'doc/figure.png': expect.stringContaining('PNG'),
    });
  });

  test('train, val and test remain three splits', async () => {
    const files = {
      ...mnistLike,
      'val-images-idx3-ubyte': idx([1, 1, 2], [9, 9]),
      'val-labels-idx1-ubyte': idx([1], [0]),
    };
    const { train, validation, test, report } = await readUserFiles(placed(files));
    expect([train, validation!, test].map(images)).toEqual([
      [1, 2, 3, 4],
      [9, 9],
      [5, 6, 7, 8],
    ]);
    expect(report.splits.map(({ split, images }) => [split, images])).toEqual([
      ['train', 2],
      ['validation', 1],
      ['test', 2],
    ]);
  });

  test('a single split of any name is divided by holding out', async () => {
    const data = Array.from({ length: 20 }, (_, i) => i);
    const files = {
      't10k-images-idx3-ubyte': idx([10, 1, 2], data),
      't10k-labels-idx1-ubyte': idx([10], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]),
    };
    const read = await readUserFiles(placed(files));
    expect([labels(read.train), labels(read.test)]).toEqual([
      [0, 0, 0, 0, 1, 1, 1, 1],
      [0, 1],
    ]);
    const [, held] = read.report.splits;
    expect(held).toMatchObject({ split: 'validation', images: 2, heldOut: expect.stringContaining('20 %') });
    const none = await readUserFiles(placed(files), { validationSplit: 0 });
    expect([labels(none.train).length, labels(none.test).length, none.report.splits.length]).toEqual([10, 0, 1]);
    const half = await readUserFiles(placed(files), { validationSplit: 0.5 });
    expect(labels(half.test)).toEqual([0, 0, 1, 1]);
    await expect(readUserFiles(placed(files), { validationSplit: 1 })).rejects.toThrow(ConfigurationError);
  });

  test('images and labels that do not match are rejected with a message', async () => {
    const { [trainImages]: one, 'train-labels-idx1-ubyte': two, ...rest } = mnistLike;
    expect(await failure({ [trainImages]: one! })).toContain('IDX files come in pairs');
    expect(await failure({ ...rest, [trainImages]: one! })).toMatch(
      /come in pairs.*train-images-idx3-ubyte of 2 x 1 x 2/s,
    );
    expect(await failure({ ...mnistLike, [trainImages]: bytesOf('\x01\x02\x03\x04\x05\x06\x07\x08') })).toMatch(
      /train-images-idx3-ubyte does not begin as an IDX file.*0x01020304.*0x00000803/s,
    );
    expect(await failure({ ...mnistLike, [trainImages]: idx([1, 1, 1], [0, 0, 0], 0x0d) })).toContain(
      'not a whole IDX file',
    );
    const other = { 'b/train-images-idx3-ubyte': idx([2, 1, 2], [7, 7, 7, 7]), 'b/train-labels-idx1-ubyte': two! };
    expect(await failure({ ...mnistLike, ...other })).toMatch(/more than one data set.*b\/train-images/s);
    expect(await failure({ 'val-images-idx3-ubyte': one!, 'val-labels-idx1-ubyte': two!, ...rest })).toContain(
      'no training images',
    );
    expect(await failure({ [trainImages]: one!, 'train-labels-idx1-ubyte': idx([3], [0, 1, 0]) })).toMatch(
      /"3 labels"/,
    );
  });
});

describe("CIFAR-10's batches", () => {
  const batch = (records: number, label = 7) => new Uint8Array(records * 3073).fill(label);

  test('recognized by content, in the order of their numbers, plain or .gz', async () => {
    const files = {
      'c/data_batch_10.bin': batch(1, 3),
      'c/data_batch_2.bin.gz': await gzip(batch(1, 2)),
      'c/test_batch.bin': batch(1, 5),
      'c/readme.html': '<!DOCTYPE html>',
    };
    const { train, test, report } = await readUserFiles(placed(files));
    expect([labels(train), labels(test), train.imageShape]).toEqual([[2, 3], [5], [32, 32, 3]]);
    expect(report).toMatchObject({ format: 'CIFAR-10', ignored: [{ path: 'c/readme.html', reason: 'HTML page' }] });
    // Under another name, the labels identify the format.
    const renamed = await readUserFiles(placed({ 'some.dat': batch(10) }));
    expect([labels(renamed.train).length, labels(renamed.test).length]).toEqual([8, 2]);
  });

  test('a truncated batch, or no training batch', async () => {
    const files = { 'data_batch_1.bin': batch(2), 'test_batch.bin': batch(1).subarray(1) };
    expect(await failure(files)).toMatch(/test_batch.bin is not a whole number.*3072 bytes.*3073/s);
  });
});

describe('unsupported formats are named, with a suggestion', () => {
  const zip = (name: string) => `PK\x03\x04\x14\0\0\0\0\0\0\0!\0${'\0'.repeat(14)}${name}`;
  test.each<[string, string, BlobPart | Promise<BlobPart>, RegExp]>([
    ['model', 'PyTorch file', bytesOf(zip('archive/data.pkl')), /PNG/],
    ['images.h5', 'HDF5 file', bytesOf('\x89HDF\r\n\x1a\n'), /PNG/],
    [
      'data_batch_1',
      'CIFAR, Python version',
      bytesOf('\x80\x02}q\x01(U\x0bbatch_labelq'),
      /binary version of CIFAR-10/,
    ],
    ['train.pkl', 'Python pickle', bytesOf('\x80\x04\x95'), /PNG/],
    ['a.tfrecord', 'TFRecord file', bytesOf('\xe0\0\0\0\0\0\0\0\xfa'), /PNG/],
    ['index.html', 'HTML page', '<!doctype html><title>404</title>', /choose the folder/],
    ['package.json', 'JSON', '{"name": "x"}', /choose the folder/],
    ['noise', 'unknown format, which begins with 0xfeedface', bytesOf('\xfe\xed\xfa\xce'), /choose the folder/],
  ])('%s: %s', async (name, format, content, fix) => {
    const message = await failure({ [name]: await content });
    expect(message).toContain(`${name}: ${format}`);
    expect(message).toMatch(/expected: .*a folder of pictures.*IDX files.*CIFAR-10/);
    expect(message.split('to do: ')[1]).toMatch(fix);
  });

  test('a format that can be converted is named before a readme', async () => {
    expect(
      await failure({ 'a.md': '# Data', 'b.md': 'x', 'c.md': 'y', 'd.md': 'z', 'x.h5': bytesOf('\x89HDF\r\n\x1a\n') }),
    ).toMatch(/found: "x\.h5: HDF5 file.* and 2 more"/);
    expect(await failure({ '.DS_Store': 'x' })).toContain('"1 hidden or system file"');
    expect(await failure({})).toContain('"0 files"');
  });
});

test('pictures require a browser', async () => {
  const png = bytesOf('\x89PNG\r\n\x1a\n');
  await expect(readUserFiles(placed({ 'cat/1.png': png, 'dog/1.png': png }))).rejects.toThrow(/in a browser/);
});

describe('holdOut', () => {
  const pair = (labels: number[]) => ({
    images: Uint8Array.from({ length: 2 * labels.length }, (_, i) => i),
    labels,
    imageShape: [1, 2, 1],
    classNames: ['a', 'b', 'c'],
  });

  test('takes every fifth image of each class, without losing any', () => {
    const parts = pair([0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 2]);
    const { train, test: held } = holdOut(parts);
    expect(Array.from(held.labels)).toEqual([0, 1]);
    expect([...held.images]).toEqual([12, 13, 20, 21]); // Images 6 and 10.
    expect(Array.from(train.labels)).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 1, 2]);
    expect([...train.images, ...held.images].sort((a, b) => a - b)).toEqual([...parts.images]);
    expect(train.classNames).toEqual(['a', 'b', 'c']);
  });

  test('takes one image of a class that has fewer than five, and none of a single image', () => {
    expect(Array.from(holdOut(pair([0, 0, 1, 1, 1, 1, 2])).test.labels)).toEqual([0, 1]);
  });

  test.each([0, 0.1, 0.2, 0.25, 0.3, 0.7, 0.9])('takes a fraction of %f', (share) => {
    for (const size of [10, 20, 50, 100, 1000]) {
      expect(holdOut(pair(Array(size).fill(0)), share).test.labels.length).toBe(Math.floor(size * share + 1e-6));
    }
  });

  test.each([-0.1, 1, 2, Number.NaN, '0.2' as never])('rejects a fraction of %s', (share) => {
    expect(() => holdOut(pair([0, 0]), share)).toThrow(ConfigurationError);
  });

  test('with a single image per class, nothing can be held out: the message has the numbers', async () => {
    const files = { 'images-idx3-ubyte': idx([2, 1, 1], [1, 2]), 'labels-idx1-ubyte': idx([2], [0, 1]) };
    expect(await failure(files)).toMatch(
      /found: "2 images of 2 classes, one of each".*expected: at least 2 images of a class/s,
    );
  });
});
