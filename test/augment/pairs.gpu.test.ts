import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import { planBatch } from '../../src/augment/batch.ts';
import type { PipelineParameters } from '../../src/augment/parameters.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { Recorder } from '../../src/gpu/recorder.ts';
import { replay } from '../../src/gpu/recording.ts';
import { packState, stateWords } from '../../src/kernels/state.ts';
import { betaDraw } from '../../src/reference/beta.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
const cache = new KernelCache(gpu.device, gpu.traits);
afterAll(() => gpu.dispose());

const imageShape: [number, number, number] = [6, 8, 3];
const elements = 144;
const count = 50;
const images = Uint8Array.from({ length: count * elements }, (_, i) => (i * 7919) % 256);
const imageOf = (sample: number) => images.subarray(sample * elements, (sample + 1) * elements);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const make = (augmentation: OpConfig[], seed = 3) => createAugmenter(gpu, { imageShape, augmentation, seed, count });
const withPartners = (samples: number[], drawn: PipelineParameters[]) =>
  Uint8Array.from([...samples, ...drawn.map((p) => p.partner!.sample)].flatMap((sample) => [...imageOf(sample)]));

type Pair = { lambda?: number; left?: number; top?: number; right?: number; bottom?: number; applied?: boolean };

test.each<[string, OpConfig[]]>([
  ['mixUp', [{ type: 'mixUp', alpha: 0.4 }]],
  ['cutMix', [{ type: 'cutMix' }]],
  [
    'both, half of the time',
    [
      { type: 'mixUp', p: 0.5 },
      { type: 'cutMix', p: 0.5 },
    ],
  ],
])('%s: the pixels of an image and its partner match the parameters', async (_, augmentation) => {
  const augmenter = make(augmentation);
  const samples = upTo(24);
  const drawn = (await augmenter.draw({ epoch: 2, samples })) as PipelineParameters[];
  const both = withPartners(samples, drawn);
  const y = await augmenter.apply(both, { epoch: 2, samples });
  expectSame('from JSON', await augmenter.apply(both, JSON.parse(JSON.stringify(drawn))), y);
  for (const [n, { ops, partner }] of drawn.entries()) {
    const [own, other] = [imageOf(samples[n]!), imageOf(partner!.sample)];
    const expected = Float64Array.from(own);
    for (const { type, ...op } of ops) {
      const { applied, lambda = 1, left = 0, top = 0, right = 0, bottom = 0 } = op as Pair;
      if (!applied) continue;
      expected.forEach((value, i) => {
        const [column, row] = [Math.floor(i / 3) % 8, Math.floor(i / 24)];
        const inside = column >= left && column < right && row >= top && row < bottom;
        if (type === 'mixUp') expected[i] = lambda * value + (1 - lambda) * other[i]!;
        else if (inside) expected[i] = other[i]!;
      });
    }
    expectWithin(`image ${n}`, y.subarray(n * elements, (n + 1) * elements), expected, 255 * 2 ** -22);
  }
});

test('a partner is augmented with its own parameters, not with those of the image that it is mixed with', async () => {
  const flip: OpConfig = { type: 'randomHorizontalFlip' };
  const drawn = (await make([flip, { type: 'cutMix' }]).draw({ epoch: 1, samples: upTo(40) })) as PipelineParameters[];
  const alone = (await make([flip]).draw({ epoch: 1, samples: upTo(count) })) as PipelineParameters[];
  for (const [n, { ops, partner }] of drawn.entries()) {
    expect(ops[0]).toEqual(alone[n]!.ops[0]);
    expect(partner!.ops).toEqual(alone[partner!.sample]!.ops);
  }
});

describe('a batch of a training step', () => {
  const classes = 5;
  const batch = 16;
  const labels = Uint8Array.from(upTo(count), (i) => i % classes);

  test.each<[string, OpConfig[]]>([
    ['mixUp', [{ type: 'mixUp' }]],
    ['cutMix', [{ type: 'cutMix' }]],
    ['both', [{ type: 'mixUp' }, { type: 'cutMix' }]],
  ])('%s: label weights sum to one and match the pixels', async (_, augmentation) => {
    const memory = new Memory(gpu.device);
    const state = memory.storage('state', stateWords);
    const values = { seed: 3, epoch: 2, samples: count, position: batch, start: 0, count: batch };
    gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
    // Every image has a single gray level, determined by its label, so that a pixel shows the weights of the images.
    const level = 40;
    const flat = Uint8Array.from({ length: count * elements }, (_, i) => level * labels[Math.floor(i / elements)]!);
    const [output, batchLabels, targets] = [batch * elements, 2 * batch, batch * classes].map((n) =>
      memory.storage('out', n),
    );
    const { recording } = await planBatch(
      new Recorder(gpu, memory, cache),
      parseAugmentation(augmentation, imageShape),
      {
        batch,
        state,
        order: memory.upload('order', Uint32Array.from(upTo(count))),
        samplesPerEpoch: count,
        count,
        labels: { all: memory.upload('all', labels), batch: batchLabels! },
        targets: { slice: targets!, classes },
        pixels: { images: memory.upload('images', flat), bytes: true, output: output! },
      },
    );
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    replay(pass, recording);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const [y, shares, both] = await readSlices(gpu, memory, [output!, targets!, batchLabels!]);
    memory.dispose();
    const pixels = new Float32Array(y!);
    const target = new Float32Array(shares!);
    const pair = new Uint32Array(both!);
    let soft = 0;
    for (let n = 0; n < batch; n++) {
      const row = target.subarray(n * classes, (n + 1) * classes);
      expectWithin('sum', [row.reduce((a, b) => a + b)], [1], 2 ** -22);
      const [own, other] = [pair[n]!, pair[batch + n]!];
      expect(own).toBe(labels[n]);
      const mean = pixels.subarray(n * elements, (n + 1) * elements).reduce((a, b) => a + b) / elements;
      const byTargets = row.reduce((sum, share, k) => sum + share * level * k, 0);
      expectWithin('the pixels', [mean], [byTargets], 1e-4 * level);
      if (own !== other && row[own]! > 0.01 && row[own]! < 0.99) soft++;
    }
    expect(soft).toBeGreaterThan(3);
  });
});

describe('sampled weights and partners', () => {
  const n = 100_000;
  const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;

  test.each([0.2, 1, 3])('lambda of Beta(%d, the same number): moments, and the twin', async (alpha) => {
    const drawn = (await make([{ type: 'mixUp', alpha }]).draw({ epoch: 0, samples: upTo(n) })) as PipelineParameters[];
    const lambda = drawn.map(({ ops }) => ops[0]!.lambda as number);
    const variance = 1 / (4 * (2 * alpha + 1));
    expectWithin('mean', [mean(lambda)], [0.5], 5 * Math.sqrt(variance / n));
    // The fourth central moment of Beta(a, a).
    const fourth = (3 * variance ** 2 * (2 * alpha + 1)) / (2 * alpha + 3);
    const squares = mean(lambda.map((x) => (x - 0.5) ** 2));
    expectWithin('variance', [squares], [variance], 5 * Math.sqrt((fourth - variance ** 2) / n));
    expect(Math.min(...lambda.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...lambda.slice(0, 50_000))).toBeLessThanOrEqual(1);
    const { purpose } = parseAugmentation([{ type: 'mixUp', alpha }], imageShape).ops[0]!;
    const twin = upTo(500).map((sample) => betaDraw({ seed: 3, epoch: 0, sample }, purpose, alpha));
    // WGSL allows cos an error of 2^-11: 2e-3 in a normal number, as much in the logarithm of each of two gamma variates, and a
    // quarter of their sum in lambda.
    expectWithin('twin', lambda.slice(0, 500), twin, 1e-3);
  });

  test('partners are sampled evenly from the whole data set', async () => {
    const drawn = (await make([{ type: 'mixUp' }]).draw({ epoch: 0, samples: upTo(n) })) as PipelineParameters[];
    const seen = new Float64Array(count);
    for (const { partner } of drawn) seen[partner!.sample]!++;
    const chiSquared = seen.reduce((sum, k) => sum + (k - n / count) ** 2 / (n / count), 0);
    expectWithin('chi squared', [chiSquared], [count - 1], 5 * Math.sqrt(2 * (count - 1)));
  });
});

test.each<[OpConfig[], RegExp]>([
  [[{ type: 'mixUp', alpha: 0 }], /alpha/],
  [[{ type: 'mixUp', alpha: -1 }], /found: -1/],
  [[{ type: 'cutMix', p: 2 }], /p is invalid/],
  [[{ type: 'mixUp' }, { type: 'randomInvert' }], /mixUp has to come last/],
])('rejected: %j', (augmentation, words) => {
  expect(() => make(augmentation)).toThrow(ConfigurationError);
  expect(() => make(augmentation)).toThrow(words);
});

test('without the number of images, partners cannot be sampled', async () => {
  const augmenter = createAugmenter(gpu, { imageShape, augmentation: [{ type: 'mixUp' }] });
  await expect(augmenter.draw({ epoch: 0, samples: [1] })).rejects.toThrow('count: <images of the data set>');
});

test('images without their partners are rejected', async () => {
  const augmenter = make([{ type: 'mixUp' }]);
  await expect(augmenter.apply(imageOf(0), { epoch: 0, samples: [0] })).rejects.toThrow('their partners after them');
});
