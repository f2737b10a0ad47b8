import { afterAll, describe, expect, test, vi } from 'vitest';
import { createPace, createTrainer, type KernelVariants, type Model, type Snapshot } from '../../src/index.ts';
import { stepsBeforeUpgrade } from '../../src/train/kernel_upgrades.ts';
import { tunableKernels } from '../../src/train/plan_engine.ts';
import { fillOptions } from '../../src/train/trainer_options.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallDataset } from './small.ts';

const batchSize = 28;
const dataset = smallDataset(batchSize * 35);
/** Two epochs have 70 steps. */
const epochs = 2;

/** The second convolution is large enough for Winograd's algorithm. */
const model: Model = {
  inputShape: [6, 6, 1],
  layers: [
    { type: 'conv2d', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' },
    { type: 'conv2d', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu', name: 'large' },
    { type: 'maxPooling2d' },
    { type: 'flatten' },
    { type: 'dense', units: 3, activation: 'softmax' },
  ],
};
const options = { model, batchSize, seed: 7, augmentation: { rescale: exactRescale } };
const passes = ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w'];

const trainers: ReturnType<typeof createTrainer>[] = [];
const start = (more: object = {}) => {
  const trainer = createTrainer(gpu, { ...options, ...more });
  trainers.push(trainer);
  return trainer;
};
afterAll(() => {
  for (const trainer of trainers) trainer.dispose();
});

/** The variants that long runs change to, as chosen variants: a trainer with them uses them from its first step on. */
const faster = async (more: object = {}): Promise<KernelVariants> => {
  const tunable = await tunableKernels(gpu, fillOptions({ ...options, ...more }));
  return Object.fromEntries(
    [...tunable].flatMap(([key, { kernel, shape }]) => {
      const [first] = kernel.variants!(shape, gpu.traits);
      return first!.winograd === true ? [[key, first!]] : [];
    }),
  );
};

/** A run of 70 steps with a snapshot after each of these, and its weights at the end. */
async function trainWhole(at: number[], more: object = {}, images = dataset) {
  const trainer = start(more);
  const snapshots = new Map<number, Promise<Snapshot>>();
  const pace = createPace({ paused: true });
  let trained = 0;
  const stops = [...at, Infinity];
  const advance = () => {
    const next = stops.shift()!;
    if (next === Infinity) pace.resume();
    else pace.step(next - trained);
    trained = next;
  };
  advance();
  const { steps } = await trainer.fit(images, {
    epochs,
    pace,
    onPause: () => {
      snapshots.set(trained, trainer.meanwhile.snapshot());
      advance();
    },
  });
  const kept = new Map(await Promise.all([...snapshots].map(async ([step, kept]) => [step, await kept] as const)));
  return { trainer, steps, snapshots: kept, weights: await trainer.getWeights() };
}

const whole = trainWhole([10, stepsBeforeUpgrade, stepsBeforeUpgrade + 3]);

describe(`after ${stepsBeforeUpgrade} steps, a run changes to faster kernels`, () => {
  test('with the bits of a trainer that has these kernels chosen and continues from there', async () => {
    const { snapshots, steps, weights } = await whole;
    const chosen = await faster();
    expect(Object.keys(chosen).map((key) => key.split(' ')[0])).toEqual(expect.arrayContaining(passes));
    const trainer = start({ kernelVariants: chosen });
    await trainer.restore(snapshots.get(stepsBeforeUpgrade)!);
    const initialSteps = steps.slice(35, stepsBeforeUpgrade);
    await trainer.fit(dataset, { epochs, initialEpoch: 1, initialSteps });
    expect(await trainer.getWeights()).toEqual(weights);
    // They also differ from the bits of the kernels before.
    const early = start({ kernelVariants: chosen });
    await early.fit(dataset, { epochs });
    expect(await early.getWeights()).not.toEqual(weights);
  });

  test.each([10, stepsBeforeUpgrade, stepsBeforeUpgrade + 3])(
    'and ends with the same bits if it is resumed after step %i',
    async (at) => {
      const { snapshots, steps, weights } = await whole;
      const trainer = start();
      await trainer.restore(snapshots.get(at)!);
      const before = Math.floor(at / 35) * 35;
      await trainer.fit(dataset, { epochs, initialEpoch: before / 35, initialSteps: steps.slice(before, at) });
      expect(await trainer.getWeights()).toEqual(weights);
    },
  );

  test('and back if an earlier snapshot is restored', async () => {
    const { trainer, snapshots, steps, weights } = await whole;
    await trainer.restore(snapshots.get(10)!);
    await trainer.fit(dataset, { epochs, initialSteps: steps.slice(0, 10) });
    expect(await trainer.getWeights()).toEqual(weights);
  });

  test('also without pauses, and if it trains batch by batch', async () => {
    const { weights } = await whole;
    const trainer = start();
    await trainer.fit(dataset, { epochs });
    expect(await trainer.getWeights()).toEqual(weights);

    const [batches, fitted] = [start(), start()];
    for (let step = 0; step < 70; step++) {
      await batches.trainOnBatch(...batchOf(dataset, (step % 35) * batchSize, batchSize));
    }
    await fitted.fit(dataset, { epochs, shuffle: false });
    expect(await batches.getWeights()).toEqual(await fitted.getWeights());
  });
});

test('without padding, they read the gradient of the pool, so that max_pool_backward is not launched; the bits are the same', async () => {
  const layers = model.layers.map((layer) =>
    layer.name === 'large' ? { ...layer, padding: 'valid' as const } : layer,
  );
  const more = { model: { ...model, layers } as Model, batchSize: 64 };
  const images = smallDataset(64 * 35);
  const { trainer, snapshots, steps, weights } = await trainWhole([10, stepsBeforeUpgrade], more, images);
  const expands = async (of: typeof trainer) => {
    const { dispatches } = await of.profile(images, { steps: 1 });
    return dispatches.some(({ name }) => name === 'max_pool_backward');
  };
  expect(await expands(trainer)).toBe(false);
  const chosen = start({ ...more, kernelVariants: await faster(more) });
  expect(await expands(chosen)).toBe(true);
  await chosen.restore(snapshots.get(stepsBeforeUpgrade)!);
  await chosen.fit(images, { epochs, initialEpoch: 1, initialSteps: steps.slice(35, stepsBeforeUpgrade) });
  expect(await chosen.getWeights()).toEqual(weights);
  // Its first kernels need the launch again.
  await trainer.restore(snapshots.get(10)!);
  await trainer.fit(images, { epochs, initialSteps: steps.slice(0, 10) });
  expect(await trainer.getWeights()).toEqual(weights);
});

test('a run that ends before does not compile them', async () => {
  const compiled: string[] = [];
  const { device } = gpu;
  const spy = vi.spyOn(device, 'createShaderModule').mockImplementation((descriptor) => {
    compiled.push(descriptor.code);
    return GPUDevice.prototype.createShaderModule.call(device, descriptor);
  });
  try {
    // Another batch size, whose kernels no other test has compiled.
    const trainer = start({ batchSize: 30 });
    const images = smallDataset(30 * stepsBeforeUpgrade);
    await trainer.fit(images);
    const usesWinograd = () => compiled.some((code) => code.includes('of_products'));
    expect([compiled.length > 0, usesWinograd()]).toEqual([true, false]);
    const { dispatches } = await trainer.profile(images, { steps: 1 });
    expect(usesWinograd()).toBe(true);
    const profiled = dispatches.filter(({ layer, variant }) => layer === 'large' && variant.winograd);
    expect(profiled.map(({ name }) => name).sort()).toEqual([...passes].sort());
  } finally {
    spy.mockRestore();
  }
});
