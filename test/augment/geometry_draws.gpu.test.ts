import { afterAll, describe, expect, test } from 'vitest';
import { planBatch } from '../../src/augment/batch.ts';
import type { Draw } from '../../src/augment/op.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { Recorder } from '../../src/gpu/recorder.ts';
import { replay } from '../../src/gpu/recording.ts';
import { packState, stateWords } from '../../src/kernels/state.ts';
import { drawResizedCrop } from '../../src/reference/augment_geometry.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { resizedCropDraws } from '../fixtures/torchvision_geometry.ts';
import { expectDrawn, expectIndependent } from './distribution.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
const cache = new KernelCache(gpu.device, gpu.traits);
afterAll(() => gpu.dispose());

const seed = 21;
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/**
 * The fields of a list's last op for many samples, by column. Reads the records directly, because `draw` would create a hundred
 * thousand objects.
 */
async function columns(ops: OpConfig[], imageShape: number[], n: number): Promise<Record<string, Float64Array>> {
  const pipeline = parseAugmentation(ops, imageShape);
  const memory = new Memory(gpu.device);
  const state = memory.storage('state', stateWords);
  const values = { seed, epoch: 3, position: n, samples: n, start: 0, count: n };
  gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
  const order = memory.upload('order', Uint32Array.from(upTo(n)));
  const plan = await planBatch(new Recorder(gpu, memory, cache), pipeline, {
    batch: n,
    state,
    order,
    samplesPerEpoch: n,
    count: n,
  });
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

const resizedCrop = (scale: number[], ratio: number[]) =>
  ({ type: 'randomResizedCrop', size: 8, scale, ratio }) as unknown as OpConfig;

describe('100,000 draws', () => {
  const n = 100_000;
  const whole = (low: number, high: number): Draw => ({ from: 'integer', low, high });
  const uniform = (low: number, high: number): Draw => ({ from: 'uniform', low, high });
  const affine: OpConfig = {
    type: 'randomAffine',
    degrees: [-10, 40],
    translate: [0.1, 0.5],
    scale: [0.5, 2],
    shear: [-9, 3, 0, 5],
  };

  test.each<[string, OpConfig, number[], Record<string, Draw>]>([
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
    [
      'randomAffine: a shift of up to 2.5 pixels is -2, -1, 0, 1 or 2',
      affine,
      [13, 25, 1],
      {
        angle: uniform(-10, 40),
        translateX: whole(-2, 2),
        translateY: whole(-6, 6),
        scale: uniform(0.5, 2),
        shearX: uniform(-9, 3),
        shearY: uniform(0, 5),
      },
    ],
    ['randomRotation', { type: 'randomRotation', degrees: 25 }, [8, 8, 1], { angle: uniform(-25, 25) }],
    [
      'randomPerspective: half of half the size, rounded down',
      { type: 'randomPerspective', p: 1 },
      [15, 20, 1],
      {
        topLeftX: whole(0, 5),
        topLeftY: whole(0, 3),
        topRightX: whole(14, 19),
        topRightY: whole(0, 3),
        bottomRightX: whole(14, 19),
        bottomRightY: whole(11, 14),
        bottomLeftX: whole(0, 5),
        bottomLeftY: whole(11, 14),
      },
    ],
    ['elasticTransform', { type: 'elasticTransform' }, [8, 8, 1], { noise: uniform(0, 2 ** 24) }],
    ['randomRotate90', { type: 'randomRotate90' }, [8, 8, 1], { quarterTurns: whole(0, 3) }],
    [
      'half turns',
      { type: 'randomRotate90', turns: [0, 2] },
      [8, 9, 1],
      { quarterTurns: { from: 'choice', values: [0, 2] } },
    ],
  ])('%s', async (_, op, imageShape, expected) => {
    const drawn = await columns([op], imageShape, n);
    expect(Object.keys(drawn)).toEqual(Object.keys(expected));
    for (const [name, draw] of Object.entries(expected)) expectDrawn(name, drawn[name]!, draw);
    expectIndependent(drawn);
  });

  test('adding an op before or after others does not change the parameters of the others', async () => {
    const imageShape = [24, 24, 1];
    const alone = await columns([affine], imageShape, 1000);
    const crop: OpConfig = { type: 'randomResizedCrop', size: 24 };
    const behind = await columns([crop, { type: 'elasticTransform' }, affine], imageShape, 1000);
    for (const [name, x] of Object.entries(behind)) expectSame(name, x, alone[name]!);
    // A second op of the same type is sampled independently.
    const [first, second] = [alone, await columns([affine, affine], imageShape, 1000)].map(({ angle }) => angle!);
    expectIndependent({ first: first!, second: second! });
  });

  test.each(resizedCropDraws.map((of) => [`${of.imageShape} ${of.scale} ${of.ratio}`, of] as const))(
    'randomResizedCrop: mean and standard deviation match torchvision: %s',
    async (_, { imageShape, scale, ratio, names, mean: means, deviation: deviations }) => {
      const drawn = await columns([resizedCrop(scale, ratio)], imageShape, n);
      expect(Object.keys(drawn)).toEqual(names);
      names.forEach((name, i) => {
        const x = drawn[name]!;
        // Five standard errors. Both sides are samples of the same size; few are away from the center, so the kurtosis is up to 10.
        const bound = (5 * Math.SQRT2 * deviations[i]!) / Math.sqrt(n);
        expectWithin(`${name}, mean`, [mean(x)], [means[i]!], bound + 1e-5);
        expectWithin(`${name}, deviation`, [deviation(x)], [deviations[i]!], 1.6 * bound + 1e-5);
      });
    },
  );
});

describe('samples match the twin', () => {
  test.each<[OpConfig, number[]]>([
    [{ type: 'randomCrop', size: 20, padding: [3, 5], p: 0.7 }, [24, 20, 1]],
    [{ type: 'randomAffine', degrees: 20, translate: [0.1, 0.3], scale: [0.7, 1.2], shear: 8, p: 0.5 }, [30, 20, 1]],
    [{ type: 'randomRotation', degrees: [10, 300] }, [30, 20, 1]],
    [{ type: 'randomPerspective', distortionScale: 0.7 }, [31, 20, 1]],
    [{ type: 'elasticTransform', p: 0.9 }, [30, 20, 1]],
    [{ type: 'randomRotate90', turns: [1, 3, 3] }, [20, 20, 1]],
  ])('%j', async (op, imageShape) => {
    const pipeline = parseAugmentation([op], imageShape);
    const drawn = await columns([op], imageShape, 500);
    const twins = upTo(500).map((sample) => drawRecord(pipeline, { seed, epoch: 3, sample }));
    pipeline.ops[0]!.fields.forEach(({ name, draw }, i) => {
      const expected = twins.map((record) => record[1 + i]!);
      if (draw?.from !== 'uniform') expectSame(name, drawn[name]!, expected);
      // A range rounded to float32, a product and a sum: each has an error of at most 2^-23 of the largest of them.
      else
        expectWithin(
          name,
          drawn[name]!,
          expected,
          6 * unitRoundoff * Math.max(Math.abs(draw.low), Math.abs(draw.high)),
        );
    });
  });

  test.each(resizedCropDraws)(
    'randomResizedCrop of $imageShape, $scale, $ratio',
    async ({ imageShape, scale, ratio }) => {
      const op = resizedCrop(scale, ratio);
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
      // A side halfway between two pixels may be rounded either way: this happens once in 10^5 samples, and not in these.
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
