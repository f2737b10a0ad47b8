import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createPace,
  createTrainer,
  formatRun,
  type Model,
  parseRun,
  type Snapshot,
  type Trainer,
  type TrainerOptions,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { product } from '../../src/product';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, normalizedModel, smallDataset } from './small.ts';

// A trainer's guarantees for a network with batch normalization, dropout and frozen layers.

afterEach(() => vi.restoreAllMocks());

// Six steps per epoch, the last one short.
const dataset = smallDataset(22);
const others = smallDataset(9, 2);
const options: TrainerOptions = {
  model: normalizedModel,
  batchSize: 4,
  seed: 5,
  optimizer: { type: 'adam', learningRate: 0.01 },
  augmentation: { rotationRange: 20, rescale: exactRescale },
};
const make = (more: Partial<TrainerOptions> = {}): Trainer => createTrainer(gpu, { ...options, ...more });

const model = compileModel(normalizedModel);
const nameOf = (layer: number, tensor: string) => `${model.layers[layer]!.name}.${tensor}`;
const names = model.tensors.map(({ layer, spec }) => nameOf(layer, spec.name));

const bitsOf = (tensors: readonly Float32Array[]) =>
  tensors.map((tensor) => [...new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)]);

/** All bits of the weights, moving statistics and optimizer slots, and the training progress. */
async function stateOf(trainer: Trainer) {
  const { weights, slots, ...rest } = await trainer.snapshot();
  return { weights: bitsOf(weights), slots: bitsOf(slots), ...rest };
}

/** Through a file and back, as in a reload. */
const kept = (snapshot: Snapshot) =>
  parseRun(
    formatRun({
      options,
      dataset: { name: 'small', imageShape: [6, 6, 1], classNames: ['a', 'b', 'c'], trainSamples: 22, testSamples: 9 },
      epochs: 3,
      history: { epochs: [], steps: [], verdicts: [], probes: [] },
      snapshot,
    }),
  ).snapshot;

describe('the same seed, the same bits', () => {
  const whole = (async () => {
    const trainer = make();
    const snapshots: Promise<Snapshot>[] = [];
    const { steps } = await trainer.fit(dataset, {
      epochs: 3,
      validationData: others,
      onEpoch: () => snapshots.push(trainer.meanwhile.snapshot()),
    });
    const found = { state: await stateOf(trainer), steps, snapshots: await Promise.all(snapshots) };
    trainer.dispose();
    return found;
  })();

  test.each([
    ['a submission a step', 1000],
    ['many steps a submission', 0],
  ])('%s', async (_, milliseconds) => {
    // The scheduler uses the clock.
    let now = 1;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
    const trainer = make();
    const { steps } = await trainer.fit(dataset, { epochs: 3, validationData: others });
    expect(await stateOf(trainer)).toEqual((await whole).state);
    expect(steps).toEqual((await whole).steps);
    trainer.dispose();
  });

  test('another seed, other bits; and all that is trained has moved', async () => {
    const trainer = make({ seed: 6 });
    const first = bitsOf(await trainer.getWeights());
    await trainer.fit(dataset, { epochs: 3 });
    const { weights } = await stateOf(trainer);
    expect(weights).not.toEqual((await whole).state.weights);
    const still = names.filter((_, t) => `${weights[t]}` === `${first[t]}`);
    expect(still).toEqual(names.filter((name) => name.startsWith('frozen')));
    trainer.dispose();
  });

  test('resumed from the end of an epoch', async () => {
    const { snapshots, steps, state } = await whole;
    const trainer = make();
    await trainer.restore(kept(snapshots[0]!));
    const rest = await trainer.fit(dataset, { epochs: 3, initialEpoch: 1, validationData: others });
    expect(rest.steps.map(({ loss }) => loss)).toEqual(steps.slice(6).map(({ loss }) => loss));
    expect(await stateOf(trainer)).toEqual(state);
    trainer.dispose();
  });

  test('resumed in the middle of an epoch', async () => {
    const first = make();
    const [pace, stopping] = [createPace({ paused: true }), new AbortController()];
    pace.step(8);
    const begun = await first.fit(dataset, {
      epochs: 3,
      validationData: others,
      pace,
      signal: stopping.signal,
      onPause: () => stopping.abort(),
    });
    expect(begun.steps).toHaveLength(8);
    const second = make();
    await second.restore(kept(await first.snapshot()));
    const initialSteps = begun.steps.slice(6);
    const rest = await second.fit(dataset, { epochs: 3, initialEpoch: 1, initialSteps, validationData: others });
    const losses = [...begun.steps, ...rest.steps].map(({ loss }) => loss);
    expect(losses).toEqual((await whole).steps.map(({ loss }) => loss));
    expect(await stateOf(second)).toEqual((await whole).state);
    for (const trainer of [first, second]) trainer.dispose();
  });
});

test('what only reads moves nothing, moving statistics included', async () => {
  const trainer = make();
  await trainer.fit(dataset);
  const before = await stateOf(trainer);
  const [images, labels] = batchOf(others, 0, 3);
  const { gradients } = await trainer.gradients(images, labels);
  expect(gradients).toHaveLength(model.tensors.filter(({ spec }) => spec.trainable).length);
  for (const gradient of gradients) expect(gradient.some((value) => value !== 0)).toBe(true);
  await trainer.predict(images);
  await trainer.evaluate(others);
  await trainer.activations(images);
  await trainer.datasetGradients(others);
  await trainer.profile(dataset, { steps: 1 });
  expect(await stateOf(trainer)).toEqual(before);
  trainer.dispose();
});

test('predict and evaluate are inference: a sample’s probabilities depend on no other, and nothing is drawn', async () => {
  const trainer = make();
  await trainer.fit(dataset);
  const [images, labels] = batchOf(others, 0, 9);
  const together = await trainer.predict(images);
  const alone: number[] = [];
  for (let i = 0; i < 9; i++) alone.push(...(await trainer.predict(images.subarray(36 * i, 36 * (i + 1)))));
  expect([...together]).toEqual(alone);
  const loss = labels.reduce((sum, label, i) => sum - Math.log(together[3 * i + label]!), 0) / 9;
  expect((await trainer.evaluate(others)).loss).toBeCloseTo(loss, 5);
  // The training loss differs: it uses the batch's statistics and drops elements.
  expect((await trainer.gradients(images.subarray(0, 144), labels.subarray(0, 4))).loss).not.toBeCloseTo(loss, 2);
  trainer.dispose();
});

test('frozen layers keep weights and moving statistics bit for bit, have no slots, and pass the gradient on', async () => {
  const trainer = make();
  const weights = (await trainer.getWeights()).map((tensor, t) =>
    names[t]!.startsWith('frozen') ? tensor.map((value, i) => value + 0.1 * (i % 3)) : tensor,
  );
  await trainer.setWeights(weights);
  await trainer.fit(dataset, { epochs: 2 });
  const after = await trainer.snapshot();
  const frozen = [...names.keys()].filter((t) => names[t]!.startsWith('frozen'));
  expect(frozen).toHaveLength(6);
  for (const t of frozen) expect(after.weights[t]).toEqual(weights[t]);
  const trained = model.tensors.filter(({ spec }) => spec.trainable);
  expect(after.slots.map(({ length }) => length)).toEqual(
    [...trained, ...trained].map(({ spec }) => product(spec.shape)),
  );
  expect(after.weights[0]).not.toEqual(weights[0]);
  trainer.dispose();
});

test('gradient ratios go to the next measured layer on the way to the loss', async () => {
  const trainer = make();
  const { layers, transport } = (await trainer.trainOnBatch(...batchOf(others, 0, 4))).health!;
  const next: Record<string, string> = {
    conv2d: 'batch_normalization',
    batch_normalization: 'conv2d_1',
    conv2d_1: 'batch_normalization_1',
    batch_normalization_1: 'dense',
  };
  expect(Object.keys(layers)).toEqual([...Object.keys(next), 'dense']);
  for (const [name, after] of Object.entries(next)) {
    expect(layers[name]!.transport).toBe(layers[name]!.deltaRms / layers[after]!.deltaRms);
  }
  expect(layers.dense!.transport).toBeUndefined();
  expect(transport).toBe(layers.conv2d!.deltaRms / layers.dense!.deltaRms);
  trainer.dispose();
});

describe('random layers in steps on single batches', () => {
  const dropping: Model = {
    inputShape: [6, 6, 1],
    layers: [{ type: 'flatten' }, { type: 'dropout', rate: 0.5 }, { type: 'dense', units: 3, activation: 'softmax' }],
  };
  const still: TrainerOptions = { model: dropping, batchSize: 4, seed: 5, optimizer: { type: 'sgd', learningRate: 0 } };
  const batch = batchOf(others, 0, 4);
  const losses = async (trainer: Trainer, count: number) => {
    const found: number[] = [];
    for (let i = 0; i < count; i++) found.push((await trainer.trainOnBatch(...batch)).loss);
    return found;
  };

  test('each step samples again, as in Keras, and gradients draws what the next step will', async () => {
    const trainer = createTrainer(gpu, still);
    const { loss } = await trainer.gradients(...batch);
    expect((await trainer.gradients(...batch)).loss).toBe(loss);
    const found = await losses(trainer, 5);
    expect(found[0]).toBe(loss);
    expect(new Set(found).size).toBe(5);
    await trainer.fit(dataset, { epochs: 1 });
    const later = await losses(trainer, 3);
    expect(new Set([...found, ...later]).size).toBe(8);
    trainer.dispose();
  });

  test('what it draws follows from what was trained before, in a restored trainer too', async () => {
    const [whole, resumed] = [createTrainer(gpu, still), createTrainer(gpu, still)];
    await losses(whole, 2);
    await whole.fit(dataset, { epochs: 1 });
    await losses(whole, 1);
    await resumed.restore(await whole.snapshot());
    expect(await losses(resumed, 3)).toEqual(await losses(whole, 3));
    const [short, labels] = batchOf(others, 2, 2);
    expect(await resumed.trainOnBatch(short, labels)).toEqual(await whole.trainOnBatch(short, labels));
    for (const trainer of [whole, resumed]) trainer.dispose();
  });

  test('the batch size changes no mask: two steps of four samples drop what one of eight does', async () => {
    const eight = smallDataset(8, 3);
    const [wide, narrow] = await Promise.all(
      [8, 4].map(async (batchSize) => {
        const trainer = createTrainer(gpu, { ...still, batchSize, augmentation: { rescale: exactRescale } });
        await trainer.setWeights([Float32Array.from({ length: 108 }, (_, i) => Math.sin(i)), new Float32Array(3)]);
        const { steps } = await trainer.fit(eight, { epochs: 2, shuffle: false });
        trainer.dispose();
        return steps.map(({ loss }) => loss);
      }),
    );
    expect(wide![0]).not.toBe(wide![1]);
    for (const epoch of [0, 1]) {
      expect(wide![epoch]).toBeCloseTo((narrow![2 * epoch]! + narrow![2 * epoch + 1]!) / 2, 5);
    }
  });
});
