import { describe, expect, test } from 'vitest';
import { ConfigurationError, DataError, datasetFrom, readDataset } from '../../src/index.ts';
import { mnistLike, placed, textBytes } from './made_files.ts';

describe('readDataset', () => {
  test('takes Blobs by their paths, files with their paths, or a single file', async () => {
    const blobs = Object.fromEntries(Object.entries(mnistLike).map(([path, bytes]) => [path, new Blob([bytes])]));
    const files = Object.entries(mnistLike).map(([path, bytes]) => new File([bytes], path));
    for (const given of [blobs, files, placed(mnistLike)]) {
      const { train, test, validation, report } = await readDataset(given);
      expect(train).toMatchObject({ count: 2, classNames: ['0', '1'], imageShape: [1, 2, 1] });
      expect(test).toMatchObject({ count: 2, classNames: ['0', '1'] });
      expect(validation).toBeUndefined();
      expect(report.format).toBe('IDX');
    }
    const table = `label,${Array.from({ length: 16 }, (_, i) => `pixel${i}`).join(',')}\n${`0,${'7,'.repeat(15)}8\n`.repeat(3)}`;
    const one = await readDataset(new File([textBytes(table)], 'all.csv'), { validationSplit: 0 });
    expect([one.train.count, one.test.count, one.train.imageShape]).toEqual([3, 0, [4, 4, 1]]);
  });

  test('stops when its signal is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(readDataset(placed(mnistLike), { signal })).rejects.toBe(signal.reason);
  });
});

describe('datasetFrom', () => {
  async function* items() {
    for (let i = 0; i < 100; i++) yield { image: Uint8Array.of(i, i + 1), label: ['dog', 'cat'][i % 2]! };
  }

  test('takes images one at a time, with class names, indices or numbers', async () => {
    const named = await datasetFrom(items(), { imageShape: [1, 2, 1] });
    expect(named).toMatchObject({ count: 100, classNames: ['cat', 'dog'], imageShape: [1, 2, 1] });
    expect([...named.labels.slice(0, 3), ...named.images.slice(-2)]).toEqual([1, 0, 1, 99, 100]);
    const indexed = await datasetFrom([{ image: Uint8Array.of(1), label: 1 }], {
      imageShape: [1, 1, 1],
      classNames: ['a', 'b'],
    });
    expect(indexed).toMatchObject({ count: 1, classNames: ['a', 'b'] });
    const numbers = await datasetFrom([{ image: Uint8Array.of(1), target: [0.5, 2] }], {
      imageShape: [1, 1, 1],
      targetNames: ['x', 'y'],
    });
    expect([[...numbers.targets!], numbers.targetNames]).toEqual([
      [0.5, 2],
      ['x', 'y'],
    ]);
  });

  test.each<[string, object[], RegExp]>([
    ['another length', [{ image: Uint8Array.of(1, 2), label: 0 }], /Image 0.*2 bytes/s],
    ['no label', [{ image: Uint8Array.of(1) }], /neither/],
    [
      'a label and then a target',
      [
        { image: Uint8Array.of(1), label: 0 },
        { image: Uint8Array.of(1), target: [1] },
      ],
      /Image 1.*a target/s,
    ],
    ['a name that is no class', [{ image: Uint8Array.of(1), label: 'c' }], /"c".*a, b/s],
  ])('an image with %s', async (_, given, message) => {
    const error = await datasetFrom(given as never, { imageShape: [1, 1, 1], classNames: ['a', 'b'] }).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(message);
  });

  test('an invalid imageShape', async () => {
    await expect(datasetFrom([], { imageShape: [0, 1, 1] })).rejects.toThrow(ConfigurationError);
  });
});
