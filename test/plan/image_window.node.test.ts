import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import { type ImageDemand, residencyOf, windowBytes } from '../../src/plan/image_window.ts';
import { partnerOf } from '../../src/plan/partners.ts';
import { product } from '../../src/product';
import { philox } from '../../src/reference/random.ts';

const mib = 2 ** 20;
const demand: ImageDemand = {
  imageShape: [224, 224, 3],
  count: 20_000,
  step: 32,
  paired: false,
  mostBytes: 128 * mib,
};

describe("the positions of a data set's images", () => {
  test.each<[string, Partial<ImageDemand>, string]>([
    ['few: all in one buffer', { count: 800 }, 'resident'],
    ['as many as a binding takes', { imageShape: [64, 64, 2], count: 2 ** 14 }, 'resident'],
    ['one more: several buffers', { imageShape: [64, 64, 2], count: 2 ** 14 + 1 }, 'paged'],
    ['more than two bindings', {}, 'streamed'],
    ['more than two bindings, and a budget for them', { budget: 4096 * mib }, 'paged'],
    ['few, and a budget that is too small for them', { count: 800, budget: 64 * mib }, 'streamed'],
  ])('%s', (_, changes, kind) => {
    expect(residencyOf({ ...demand, ...changes }).kind).toBe(kind);
  });

  test.each<[string, Partial<ImageDemand>]>([
    ['small ones', { imageShape: [28, 28, 1], count: 1e6, budget: 10 * mib }],
    ['of an odd size', { imageShape: [5, 7, 3], count: 1e6, budget: mib }],
    ['of 512 x 512', { imageShape: [512, 512, 3], budget: 64 * mib }],
    ['mixed with partners', { paired: true, budget: 96 * mib }],
    ['of large steps', { step: 256, budget: 100 * mib }],
  ])('a window of images: %s', (_, changes) => {
    const asked = { ...demand, ...changes };
    const residency = residencyOf(asked);
    if (residency.kind === 'resident') throw new Error('all fit');
    const { window } = residency;
    expect(window.chunk % asked.step).toBe(0);
    expect(window.chunks).toBeGreaterThanOrEqual(2);
    expect(window.each).toBe(asked.paired ? 2 : 1);
    expect(window.strideBytes % 4).toBe(0);
    const bytes = product(asked.imageShape);
    expect(window.strideBytes - bytes).toBeLessThan(4 * asked.imageShape[2]!);
    expect(windowBytes(window)).toBeLessThanOrEqual(asked.budget!);
    // Half of the available memory, or enough chunks to hide a slow read.
    expect(window.chunks === 32 || windowBytes(window) > asked.budget! / 2).toBe(true);
  });

  test('two steps must fit', () => {
    const budget = 2 * 32 * 150_528;
    expect(residencyOf({ ...demand, budget })).toMatchObject({ kind: 'streamed', window: { chunk: 32, chunks: 2 } });
    const tooSmall = () => residencyOf({ ...demand, budget: budget - 1 });
    expect(tooSmall).toThrow(ConfigurationError);
    expect(tooSmall).toThrow(
      /9.2 MiB for steps of 32 images of 224 x 224 x 3, 4.6 MiB each.*at least 9.2 MiB.*raise memoryBudget/s,
    );
    expect(() => residencyOf({ ...demand, step: 512 })).toThrow(/use a smaller batchSize or smaller images/);
  });
});

test('partners match those that the shader samples, by the twin of its generator', () => {
  for (const [seed, epoch, sample, copy] of [
    [0, 1, 0, 0],
    [5, 2, 17, 1],
    [2 ** 32 - 1, 1000, 59_999, 3],
  ] as const) {
    const [word] = philox([sample, epoch, 0xfffffffe, copy], [seed, 0]);
    expect(partnerOf(seed, epoch, sample, copy, 60_000)).toBe(Math.floor((word >>> 8) * 2 ** -24 * 60_000));
  }
});
