import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { createTrainer, openGpu } from '../../src/index.ts';
import { watchBuffers } from './alive_buffers.ts';
import { batchOf, normalizedModel, smallDataset, smallModel } from './small.ts';

const gpu = await openGpu();
afterAll(() => gpu.dispose());
afterEach(() => vi.restoreAllMocks());

const augmentation = { rotationRange: 15, horizontalFlip: true };

/** Counts objects created on the device by method name, and `memory`. */
function countCreations(): Record<string, number> {
  const counts: Record<string, number> = {};
  const names = Object.getOwnPropertyNames(GPUDevice.prototype).filter((name) => name.startsWith('create'));
  expect(names).toContain('createBuffer');
  for (const name of names as 'createBuffer'[]) {
    const create = gpu.device[name].bind(gpu.device);
    vi.spyOn(gpu.device, name).mockImplementation((descriptor) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return create(descriptor);
    });
  }
  return counts;
}

test.each([
  ['convolutions and pools', smallModel],
  ['batch normalization and dropout', normalizedModel],
])('500 steps make nothing but command encoders: %s', async (_, model) => {
  const trainer = createTrainer(gpu, { model, batchSize: 4, augmentation });
  await trainer.getWeights();
  const counts = countCreations();
  const before = trainer.memory;
  let afterFirstStep: Record<string, number> | undefined;
  const memory: unknown[] = [];
  const history = await trainer.fit(smallDataset(79), {
    epochs: 25,
    validationData: smallDataset(9, 2),
    onStep: () => (afterFirstStep ??= { ...counts }),
    onEpoch: () => memory.push(trainer.memory),
  });
  expect(history.steps).toHaveLength(500);
  const { createCommandEncoder: encodersBefore, ...madeBefore } = afterFirstStep!;
  const { createCommandEncoder: encoders, ...made } = counts;
  expect(made).toEqual(madeBefore);
  // The data sets were created, so the spies do count.
  expect(made.createBuffer).toBeGreaterThan(4);
  expect(encoders! - encodersBefore!).toBeLessThan(550);
  expect(new Set([before, ...memory, trainer.memory].map((taken) => JSON.stringify(taken))).size).toBe(1);
  trainer.dispose();
});

test('whatever is called, buffers and bytes are what they were', async () => {
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 4, augmentation });
  await trainer.getWeights();
  const { memory } = trainer;
  expect(memory.buffers).toBeGreaterThan(10);
  expect(memory.bytes).toBeGreaterThan(10 * 16);
  const batch = batchOf(smallDataset(4), 0, 4);
  const pipelines = vi.spyOn(gpu.device, 'createComputePipelineAsync');
  const bindGroups = vi.spyOn(gpu.device, 'createBindGroup');
  for (let i = 0; i < 3; i++) {
    await trainer.trainOnBatch(...batch);
    await trainer.gradients(...batch);
    await trainer.predict(batchOf(smallDataset(9), 0, 9)[0]);
    await trainer.setWeights(await trainer.getWeights());
    expect(trainer.memory).toEqual(memory);
  }
  expect(pipelines).not.toHaveBeenCalled();
  expect(bindGroups).not.toHaveBeenCalled();
  await trainer.evaluate(smallDataset(5));
  await trainer.profile(smallDataset(5), { steps: 1 });
  expect(trainer.memory).toEqual(memory);
  trainer.dispose();
});

test('every buffer is destroyed in the end, those of the data sets after each run', async () => {
  const { alive } = watchBuffers(gpu.device);
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 4, augmentation });
  await trainer.getWeights();
  const own = alive.size;
  expect(own).toBe(trainer.memory.buffers);
  const other = { ...smallDataset(5), imageShape: [36, 1, 1] as [number, number, number] };
  await trainer.fit(smallDataset(9), { validationData: smallDataset(5) });
  await trainer.evaluate(smallDataset(5));
  await trainer.profile(smallDataset(5), { steps: 1 });
  await expect(trainer.fit(smallDataset(9), { validationData: other })).rejects.toThrow(
    "don't have the model's input shape",
  );
  const thrown = new Error('from a callback');
  const onStep = () => {
    throw thrown;
  };
  await expect(trainer.fit(smallDataset(9), { onStep })).rejects.toBe(thrown);
  expect(alive.size).toBe(own);
  const underWay = trainer.fit(smallDataset(79), { epochs: 100, validationData: smallDataset(5) });
  trainer.dispose();
  await expect(underWay).rejects.toThrow('been disposed');
  while (trainer.memory.buffers > 0) await new Promise((resolve) => setTimeout(resolve));
  expect(alive.size).toBe(0);
  expect(trainer.memory).toEqual({ buffers: 0, bytes: 0 });
});
