import { describe, expect, test } from 'vitest';
import {
  createTrainer,
  formatRun,
  type History,
  parseRun,
  type Snapshot,
  type StepRecord,
  type TrainerOptions,
} from '../../src/index.ts';
import { adaptLossScale } from '../../src/reference/loss_scale.ts';
import { NonFiniteError } from '../../src/train/diagnosis.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, normalizedModel, smallDataset, smallModel } from './small.ts';

const half = { activationStorage: 'float16', lossScale: 'dynamic' } as const;
const optionsOf = (more: Partial<TrainerOptions> = {}): TrainerOptions => ({
  model: smallModel,
  batchSize: 4,
  seed: 5,
  augmentation: { rescale: exactRescale },
  optimizer: { type: 'sgd', learningRate: 1e-7 },
  ...half,
  ...more,
});

const dataset = smallDataset(42);
/** The gradients of four samples exceed float16 at first, but their loss does not exceed float32. */
const sampleWeight = Float32Array.from({ length: 42 }, (_, i) => (i % 11 === 3 ? 4000 : 1));

const bitsOf = (tensors: readonly Float32Array[]) =>
  tensors.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

/** The scale of every step, recomputed from which steps overflowed. */
function recomputed(steps: readonly StepRecord[], growthInterval = 2000, good = 0): number[] {
  let state = { scale: steps[0]!.lossScale!, good };
  return steps.map(({ lossScaleHalved }) => {
    const { scale } = state;
    state = adaptLossScale({ growthInterval, largest: 2 ** 24 }, state, lossScaleHalved ? 'overflow' : 'finite');
    return scale;
  });
}

const scalesOf = (steps: readonly StepRecord[]) => steps.map(({ lossScale }) => lossScale!);

async function overflowing(options: Partial<TrainerOptions>, fit: object = {}) {
  const trainer = createTrainer(gpu, optionsOf(options));
  const history: History = await trainer.fit(dataset, { epochs: 3, sampleWeight, ...fit });
  const weights = bitsOf(await trainer.getWeights());
  const snapshot = await trainer.snapshot();
  trainer.dispose();
  return { history, weights, snapshot };
}

describe.each<[string, Partial<TrainerOptions>]>([
  ['one batch per step', {}],
  ['normalizations and frozen layers', { model: normalizedModel }],
  ['accumulated batches', { accumulationSteps: 2 }],
  ['no health', { health: 'off' }],
])('%s', (_, options) => {
  test('steps whose gradients exceed float16 halve the scale, and end neither the run nor a verdict', async () => {
    const { history, snapshot } = await overflowing(options);
    const { steps, skippedSteps, verdicts } = history;
    const scales = scalesOf(steps);
    expect(scales[0]).toBe(2 ** 15);
    expect(scales).toEqual(recomputed(steps));
    const halved = steps.filter(({ lossScaleHalved }) => lossScaleHalved);
    console.log(`scales ${[...new Set(scales)].join(' ')}; ${halved.length} of ${steps.length} steps skipped`);
    // More than the three bad steps that would end the run.
    expect(halved.length).toBeGreaterThan(3);
    expect(scales.at(-1)).toBe(2 ** 15 / 2 ** halved.length);
    expect(halved.every(({ skipped, loss }) => skipped && Number.isFinite(loss))).toBe(true);
    expect(skippedSteps).toBe(halved.length);
    expect(
      steps.filter(({ skipped }) => !skipped).flatMap(({ gradientNorms }) => Object.values(gradientNorms)),
    ).toSatisfy((norms: number[]) => norms.every(Number.isFinite));
    expect(verdicts.filter(({ verdict }) => ['non-finite', 'exploding'].includes(verdict))).toEqual([]);
    const good = steps.length - 1 - steps.findLastIndex(({ skipped }) => skipped);
    expect(snapshot.progress).toMatchObject({
      skipped: halved.length,
      updates: steps.length - halved.length,
      lossScale: [scales.at(-1), 1 / scales.at(-1)!, good, 0],
    });
  });

  test('the same bits, however many steps are submitted at once', async () => {
    const [many, single] = [
      await overflowing(options),
      await overflowing(options, { checkpointEvery: { steps: 1 }, onCheckpoint: () => undefined }),
    ];
    expect(single.history.steps).toEqual(many.history.steps);
    expect(single.weights).toEqual(many.weights);
  });

  test('a run resumed in the middle of an epoch, saved and loaded, has the bits and the scales of a whole one', async () => {
    const whole = await overflowing(options);
    const taken: Snapshot[] = [];
    const first = createTrainer(gpu, optionsOf(options));
    const { steps } = await first.fit(dataset, {
      epochs: 1,
      sampleWeight,
      checkpointEvery: { steps: 1 },
      onCheckpoint: (snapshot) => {
        taken.push(snapshot);
      },
    });
    const at = 1 + taken.findIndex(({ progress }) => progress.lossScale![0] < 2 ** 15);
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(steps.length);
    const { snapshot } = parseRun(
      formatRun({
        options: first.options,
        dataset: {
          name: 'small',
          imageShape: [6, 6, 1],
          classNames: ['a', 'b', 'c'],
          trainSamples: 42,
          testSamples: 42,
        },
        epochs: 3,
        history: { epochs: [], steps: steps.slice(0, at), verdicts: [], probes: [] },
        snapshot: taken[at - 1]!,
      }),
    );
    expect(snapshot.progress.lossScale).toEqual(taken[at - 1]!.progress.lossScale);
    const resumed = createTrainer(gpu, optionsOf(options));
    await resumed.restore(snapshot);
    const rest = await resumed.fit(dataset, { epochs: 3, sampleWeight, initialSteps: steps.slice(0, at) });
    expect(scalesOf(rest.steps)).toEqual(scalesOf(whole.history.steps.slice(at)));
    expect(bitsOf(await resumed.getWeights())).toEqual(whole.weights);
    for (const trainer of [first, resumed]) trainer.dispose();
  });
});

/** The same device, planned as if it were hardware, where dispatches share launches. */
const asHardware = Object.create(gpu, {
  traits: { value: { software: false, subgroupSize: 0, storageBuffers: 8 } },
}) as typeof gpu;

test.each([
  ['a software adapter', gpu],
  ['hardware', asHardware],
])('without an overflow, the bits are those of the same scale if it is static: %s', async (_, device) => {
  const runs = [];
  for (const lossScale of ['dynamic', 2 ** 15] as const) {
    const trainer = createTrainer(device, optionsOf({ lossScale, optimizer: 'adam', batchSize: 14 }));
    const { steps } = await trainer.fit(dataset, { epochs: 2 });
    expect(steps.some(({ skipped }) => skipped)).toBe(false);
    runs.push(bitsOf(await trainer.getWeights()));
    trainer.dispose();
  }
  expect(runs[1]).toEqual(runs[0]);
});

test('the scale grows after 2,000 updates in a row', async () => {
  const trainer = createTrainer(gpu, optionsOf());
  await trainer.fit(dataset, { epochs: 1 });
  const snapshot = await trainer.snapshot();
  expect(snapshot.progress.lossScale).toEqual([2 ** 15, 2 ** -15, 11, 0]);
  const good = 1995;
  await trainer.restore({
    ...snapshot,
    progress: { ...snapshot.progress, lossScale: [2 ** 10, 2 ** -10, good, 0] },
  });
  const { steps } = await trainer.fit(dataset, { epochs: 1 });
  expect(scalesOf(steps)).toEqual(recomputed(steps, 2000, good));
  expect(scalesOf(steps)).toEqual([...Array(5).fill(2 ** 10), ...Array(6).fill(2 ** 11)]);
  expect((await trainer.snapshot()).progress.lossScale).toEqual([2 ** 11, 2 ** -11, 6, 0]);
  trainer.dispose();
});

test('work that restores the state of training also restores the scale', async () => {
  const trainer = createTrainer(gpu, optionsOf());
  const before = (await trainer.snapshot()).progress.lossScale;
  const { points } = await trainer.findLearningRate(dataset, { steps: 20, from: 1e-8, to: 1e-6 });
  expect(points.length).toBeGreaterThan(5);
  expect((await trainer.snapshot()).progress.lossScale).toEqual(before);
  trainer.dispose();
});

test('terminateOnNaN does not end a run that only has too large a scale', async () => {
  const { history } = await overflowing({}, { terminateOnNaN: true });
  expect(history.steps).toHaveLength(33);
  expect(history.skippedSteps).toBeGreaterThan(3);
});

test('trainOnBatch skips the batches too, and then trains', async () => {
  const trainer = createTrainer(gpu, optionsOf({ optimizer: { type: 'sgd', learningRate: 1e-3 } }));
  const [images, labels] = batchOf(dataset, 0, 4);
  const before = bitsOf(await trainer.getWeights());
  const weights = { sampleWeight: Float32Array.from([4000, 4000, 4000, 4000]) };
  const scales: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { lossScale, lossScaleHalved } = await trainer.trainOnBatch(images, labels, weights);
    expect(lossScaleHalved).toBe(true);
    scales.push(lossScale!);
  }
  expect(scales).toEqual([2 ** 15, 2 ** 14, 2 ** 13, 2 ** 12]);
  expect(bitsOf(await trainer.getWeights())).toEqual(before);
  const { lossScale, lossScaleHalved } = await trainer.trainOnBatch(images, labels);
  expect([lossScale, lossScaleHalved]).toEqual([2 ** 11, undefined]);
  expect(bitsOf(await trainer.getWeights())).not.toEqual(before);
  trainer.dispose();
});

describe('numbers that no scale makes finite', () => {
  const [images, labels] = batchOf(smallDataset(4), 0, 4);
  async function failure(inputs: Float32Array, sampleWeight?: Float32Array) {
    const trainer = createTrainer(gpu, optionsOf());
    for (let step = 1; step < 30; step++) {
      try {
        await trainer.trainOnBatch(inputs, labels, sampleWeight && { sampleWeight });
      } catch (error) {
        trainer.dispose();
        expect(error).toBeInstanceOf(NonFiniteError);
        return { step, error: error as NonFiniteError };
      }
    }
    throw new Error('no failure');
  }

  test('in the forward pass: the third step ends the run, with the scale unchanged', async () => {
    const { step, error } = await failure(images.map((value) => 1e6 * (0.5 + value)));
    expect(step).toBe(3);
    expect([error.pass, error.layer]).toEqual(['forward', 'conv2d']);
    expect(error.message).toContain("set activationStorage: 'float32'");
  });

  test('in the backward pass: the third step at a scale of 1 ends the run', async () => {
    const { step, error } = await failure(images, new Float32Array(4).fill(3e8));
    expect(step).toBe(15 + 3);
    expect(error.pass).toBe('gradient');
    expect(error.message).toContain("set activationStorage: 'float32'");
    expect(error.message).not.toContain('dynamic');
  });
});
