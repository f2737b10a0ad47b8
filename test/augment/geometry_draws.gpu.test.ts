import { afterAll, describe, expect, test } from 'vitest';
import { planBatch } from '../../src/augment/batch.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { replay } from '../../src/gpu/recording.ts';
import { packState, stateWords } from '../../src/kernels/state.ts';
import { drawResizedCrop } from '../../src/reference/augment_geometry.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { resizedCropDraws } from '../fixtures/torchvision_geometry.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
const cache = new KernelCache(gpu.device, gpu.traits);
afterAll(() => gpu.dispose());

const seed = 21;
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/**
 * The fields of the last op of a list for many samples, column by column: the records themselves, which `draw` would make
 * a hundred thousand objects of.
 */
async function columns(ops: OpConfig[], imageShape: number[], n: number): Promise<Record<string, Float64Array>> {
  const pipeline = parseAugmentation(ops, imageShape);
  const memory = new Memory(gpu.device);
  const state = memory.storage('state', stateWords);
  const values = { seed, epoch: 3, position: n, samples: n, start: 0, count: n };
  gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
  const order = memory.upload('order', Uint32Array.from(upTo(n)));
  const plan = await planBatch(gpu, cache, memory, pipeline, { batch: n, state, order, places: n, count: n });
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  replay(pass, plan.recording);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  const [bytes] = await readSlices(gpu, memory, [plan.draws!]);
  memory.dispose();
  const records = new Float32Array(bytes!);
  const { fields, at } = pipeline.ops.at(-1)!;
  return Object.fromEntries(
    fields.map(({ name }, f) => [
      name,
      Float64Array.from({ length: n }, (_, i) => records[i * pipeline.words + at + 1 + f]!),
    ]),
  );
}

const mean = (x: Float64Array) => x.reduce((sum, value) => sum + value, 0) / x.length;
const deviation = (x: Float64Array) => {
  const m = mean(x);
  return Math.sqrt(mean(x.map((value) => (value - m) ** 2)));
};

describe('100,000 draws', () => {
  const n = 100_000;
  // Five standard errors: by chance one in two million would be beyond, and the seed is fixed.
  const errors = 5;

  type Expected = { least: number; most: number; mean: number; deviation: number };
  /** Whole numbers from low to high. */
  const whole = (low: number, high: number): Expected => ({
    least: low,
    most: high,
    mean: (low + high) / 2,
    deviation: Math.sqrt(((high - low + 1) ** 2 - 1) / 12),
  });

  test.each<[string, OpConfig, number[], Record<string, Expected>]>([
    [
      'randomCrop',
      { type: 'randomCrop', size: 32, padding: 4 },
      [32, 32, 1],
      { top: whole(-4, 4), left: whole(-4, 4) },
    ],
    [
      'randomCrop, padded as needed',
      { type: 'randomCrop', size: [30, 20], padIfNeeded: true },
      [20, 40, 1],
      { top: whole(-10, 0), left: whole(0, 20) },
    ],
  ])('%s: range, mean and deviation', async (_, op, imageShape, expected) => {
    const drawn = await columns([op], imageShape, n);
    expect(Object.keys(drawn)).toEqual(Object.keys(expected));
    for (const [name, { least, most, mean: middle, deviation: spread }] of Object.entries(expected)) {
      const x = drawn[name]!;
      // The outermost hundredth of the range is reached, and nothing beyond.
      const near = (most - least) / 200;
      let [first, last] = [Infinity, -Infinity];
      for (const value of x) [first, last] = [Math.min(first, value), Math.max(last, value)];
      expectWithin(`${name}, ends`, [first, last], [least + near, most - near], near * (1 + 1e-6));
      expectWithin(`${name}, mean`, [mean(x)], [middle], (errors * spread) / Math.sqrt(n));
      // A sample's deviation is off by spread sqrt((kurtosis - 1) / 4n): less than that where nothing has long tails.
      expectWithin(`${name}, deviation`, [deviation(x)], [spread], (errors * spread) / Math.sqrt(n));
    }
  });

  test.each(resizedCropDraws.map((of) => [`${of.imageShape} ${of.scale} ${of.ratio}`, of] as const))(
    'randomResizedCrop: mean and deviation are those of torchvision: %s',
    async (_, { imageShape, scale, ratio, names, mean: means, deviation: deviations }) => {
      const drawn = await columns([{ type: 'randomResizedCrop', size: 8, scale, ratio }], imageShape, n);
      expect(Object.keys(drawn)).toEqual(names);
      names.forEach((name, i) => {
        const x = drawn[name]!;
        // Both sides are samples of as many draws; few of them are off the middle, so that kurtosis is up to 10.
        const bound = (errors * Math.SQRT2 * deviations[i]!) / Math.sqrt(n);
        expectWithin(`${name}, mean`, [mean(x)], [means[i]!], bound + 1e-5);
        expectWithin(`${name}, deviation`, [deviation(x)], [deviations[i]!], 1.6 * bound + 1e-5);
      });
    },
  );
});

describe('draws are those of the twin', () => {
  test.each<[OpConfig, number[]]>([[{ type: 'randomCrop', size: 20, padding: [3, 5], p: 0.7 }, [24, 20, 1]]])(
    '%j',
    async (op, imageShape) => {
      const pipeline = parseAugmentation([op], imageShape);
      const drawn = await columns([op], imageShape, 500);
      pipeline.ops[0]!.fields.forEach(({ name }, i) => {
        const expected = upTo(500).map((sample) => drawRecord(pipeline, { seed, epoch: 3, sample })[1 + i]!);
        expectSame(name, drawn[name]!, expected);
      });
    },
  );

  test.each(resizedCropDraws)(
    'randomResizedCrop of $imageShape, $scale, $ratio',
    async ({ imageShape, scale, ratio }) => {
      const op = { type: 'randomResizedCrop', size: 8, scale, ratio };
      const { purpose } = parseAugmentation([op], imageShape).ops[0]!;
      const drawn = await columns([op], imageShape, 500);
      const size = { height: imageShape[0]!, width: imageShape[1]! };
      const twins = upTo(500).map((sample) =>
        drawResizedCrop(
          { seed, epoch: 3, sample },
          purpose + 4,
          size,
          scale as [number, number],
          ratio as [number, number],
        ),
      );
      // A side half-way between two pixels may be rounded to either: once in 10^5 draws, and not in these.
      for (const name of ['top', 'left', 'height', 'width'] as const) {
        expectSame(
          name,
          drawn[name]!,
          twins.map((p) => p[name]),
        );
      }
    },
  );
});
