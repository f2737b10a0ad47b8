import { afterAll, describe, expect, test } from 'vitest';
import randomSource from '../../shaders/lib/random.wgsl?raw';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { DrawOf } from '../../src/augment/augmenter_checks.ts';
import type { ImageDataGeneratorConfig } from '../../src/augment/generator_options.ts';

import type { ImageDataGeneratorParameters } from '../../src/augment/parameters.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type Kernel, KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { bind, type Dispatch, replay } from '../../src/gpu/recording.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { philox } from '../../src/reference/random.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
const cache = new KernelCache(gpu.device, gpu.traits);
afterAll(() => gpu.dispose());

const everything: ImageDataGeneratorConfig = {
  rotationRange: 15,
  widthShiftRange: 0.1,
  heightShiftRange: 2.5,
  shearRange: 5,
  zoomRange: [0.8, 1.4],
  horizontalFlip: true,
  verticalFlip: true,
};
const imageShape: [number, number, number] = [20, 30, 1];
const draw = (of: DrawOf, augmentation = everything, seed = 11) =>
  createAugmenter(gpu, { imageShape, augmentation, seed }).draw(of) as Promise<ImageDataGeneratorParameters[]>;
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

function run(dispatches: Dispatch[]): void {
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  replay(pass, dispatches);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

test('Philox matches the twin and its known answers', async () => {
  const words = [0, 0, 0, 0, 0, 0, ...Array(6).fill(0xffffffff)];
  words.push(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0);
  for (let i = 0; words.length < 6 * 64; i++) words.push(...philox([i, 0, 0, 0], [1, 2]), ...[i * 0x01000193, i << 24]);
  const inputs = Uint32Array.from(words.slice(0, 6 * 64));
  const kernel: Kernel<null> = {
    name: 'philox',
    source: `
      @group(0) @binding(0) var<storage, read> x: array<u32>;
      @group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
      @compute @workgroup_size(64)
      fn main(@builtin(global_invocation_id) id: vec3u) {
        let at = 6u * id.x;
        y[id.x] = philox(vec4u(x[at], x[at + 1u], x[at + 2u], x[at + 3u]), vec2u(x[at + 4u], x[at + 5u]));
      }
      ${randomSource}`,
    buffers: () => ({ x: 6 * 64, y: 4 * 64 }),
    workgroups: () => [1],
    cost: () => ({ flops: 0, bytes: 0 }),
  };
  const memory = new Memory(gpu.device);
  const y = memory.storage('y', 4 * 64);
  run([bind(gpu.device, await cache.compile(kernel, null), '', { x: memory.upload('x', inputs), y })]);
  const [bytes] = await readSlices(gpu, memory, [y]);
  const expected = upTo(64).flatMap((i) =>
    philox([...inputs.slice(6 * i, 6 * i + 4)], [...inputs.slice(6 * i + 4, 6 * i + 6)]),
  );
  expectSame('words', new Uint32Array(bytes!), expected);
  memory.dispose();
});

test.each<[string, ImageDataGeneratorConfig, number]>([
  ['everything at once', everything, 11],
  ['nothing', {}, 0],
  ['one range, the largest seed', { rotationRange: 180 }, 2 ** 32 - 1],
])('sampled parameters match the twin: %s', async (_, augmentation, seed) => {
  const pipeline = parseAugmentation(augmentation, imageShape);
  const samples = [0, 1, 2, 59_999, 2 ** 32 - 1, 17];
  const drawn = await draw({ epoch: 5, samples }, augmentation, seed);
  samples.forEach((sample, i) => {
    const record = drawRecord(pipeline, { seed, epoch: 5, sample });
    pipeline.ops[0]!.fields.forEach(({ name, draw }, at) => {
      const largest = draw?.from === 'uniform' ? Math.max(Math.abs(draw.low), Math.abs(draw.high)) : 0;
      const found = drawn[i]![name as keyof ImageDataGeneratorParameters];
      // A range rounded to float32, a product and a sum: each has an error of at most 2^-23 of the largest of them.
      expectWithin(name, [Number(found)], [record[1 + at]!], 3 * 2 * unitRoundoff * largest);
    });
  });
});

describe('sampled parameters depend only on seed, epoch and sample', () => {
  test('not on the batch or the position in it', async () => {
    const all = await draw({ epoch: 2, samples: upTo(200) });
    expect(await draw({ epoch: 2, samples: [77] })).toEqual([all[77]]);
    expect(await draw({ epoch: 2, samples: [199, 3, 3, 0] })).toEqual([all[199], all[3], all[3], all[0]]);
  });

  test('another seed, epoch or sample gives other parameters', async () => {
    const [base] = await draw({ epoch: 2, samples: [77] });
    for (const [other] of [
      await draw({ epoch: 3, samples: [77] }),
      await draw({ epoch: 2, samples: [78] }),
      await draw({ epoch: 2, samples: [77] }, everything, 12),
    ])
      expect(other!.theta).not.toBe(base!.theta);
  });

  test('not on the other sampled parameters', async () => {
    const of = { epoch: 0, samples: upTo(50) };
    const all = await draw(of);
    const fewer = await draw(of, { rotationRange: 15, zoomRange: [0.8, 1.4], verticalFlip: true });
    fewer.forEach((p, i) => {
      const { theta, zx, zy, flipVertical } = all[i]!;
      expect(p).toMatchObject({ theta, tx: 0, ty: 0, shear: 0, zx, zy, flipHorizontal: false, flipVertical });
    });
  });
});

describe('100,000 draws', () => {
  const n = 100_000;
  // Five standard errors: one in two million values exceeds them by chance, and the seed is fixed.
  const errors = 5;
  const ranges = {
    theta: [-15, 15],
    tx: [-2.5, 2.5],
    ty: [-3, 3],
    shear: [-5, 5],
    zx: [0.8, 1.4],
    zy: [0.8, 1.4],
  } as const;
  const names = Object.keys(ranges) as (keyof typeof ranges)[];
  /** Each quantity scaled to [0, 1), flips as 0 or 1. */
  const columnsOf = (drawn: ImageDataGeneratorParameters[]): Record<string, Float64Array> => ({
    ...Object.fromEntries(
      names.map((name) => {
        const [low, high] = ranges[name];
        return [name, Float64Array.from(drawn, (p) => (p[name] - low) / (high - low))];
      }),
    ),
    flipHorizontal: Float64Array.from(drawn, (p) => Number(p.flipHorizontal)),
    flipVertical: Float64Array.from(drawn, (p) => Number(p.flipVertical)),
  });
  const drawn = draw({ epoch: 0, samples: upTo(n) }).then(columnsOf);
  const mean = (x: Float64Array) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const correlation = (x: Float64Array, y: Float64Array) => {
    const [mx, my] = [mean(x), mean(y)];
    const product = (u: Float64Array, mu: number, w: Float64Array, mw: number) =>
      mean(u.map((value, i) => (value - mu) * (w[i]! - mw)));
    return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
  };

  test.each(names)('%s is uniform: range, mean, variance, 64 bins', async (name) => {
    const x = (await drawn)[name]!;
    // The largest gap at an end exceeds 20 / n with a probability of e^-20.
    const [least, most] = [x.reduce((p, q) => Math.min(p, q)), x.reduce((p, q) => Math.max(p, q))];
    expect(least).toBeGreaterThan(-1e-6);
    expect(least).toBeLessThan(20 / n);
    expect(most).toBeLessThan(1 + 1e-6);
    expect(most).toBeGreaterThan(1 - 20 / n);
    expectWithin('mean', [mean(x)], [0.5], errors * Math.sqrt(1 / 12 / n));
    // The fourth central moment of a uniform number is 1/80.
    expectWithin(
      'variance',
      [mean(x.map((u) => (u - 0.5) ** 2))],
      [1 / 12],
      errors * Math.sqrt((1 / 80 - 1 / 144) / n),
    );
    const bins = new Float64Array(64);
    for (const u of x) bins[Math.min(63, Math.max(0, Math.floor(u * 64)))]!++;
    const chiSquared = bins.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
    expectWithin('chi squared', [chiSquared], [63], errors * Math.sqrt(2 * 63));
  });

  test.each(['flipHorizontal', 'flipVertical'])('%s is true for half of them', async (name) => {
    expectWithin('share', [mean((await drawn)[name]!)], [0.5], errors * Math.sqrt(0.25 / n));
  });

  test('quantities, neighbours, epochs and seeds are independent of each other', async () => {
    const columns = await drawn;
    const bound = errors / Math.sqrt(n);
    const entries = Object.entries(columns);
    for (const [i, [name, x]] of entries.entries()) {
      for (const [other, y] of entries.slice(i + 1)) expectWithin(`${name}, ${other}`, [correlation(x, y)], [0], bound);
      const neighbours = correlation(x.subarray(0, n - 1), x.subarray(1));
      expectWithin(`${name} of neighbours`, [neighbours], [0], bound);
    }
    const nextEpoch = columnsOf(await draw({ epoch: 1, samples: upTo(n) }));
    const nextSeed = columnsOf(await draw({ epoch: 0, samples: upTo(n) }, everything, 12));
    for (const [name, x] of entries) {
      expectWithin(`${name} of epochs`, [correlation(x, nextEpoch[name]!)], [0], bound);
      expectWithin(`${name} of seeds`, [correlation(x, nextSeed[name]!)], [0], bound);
    }
  });
});
