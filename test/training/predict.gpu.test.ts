import { expect, test } from 'vitest';
import { ConfigurationError, createTrainer, type LayerOutput } from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(21);
const make = (layers = smallModel.layers) =>
  createTrainer(gpu, { model: { ...smallModel, layers }, batchSize: 8, augmentation: { rescale: exactRescale } });

test('the images of a data set are scaled and predicted in batches of any size', async () => {
  const trainer = make();
  await trainer.fit(dataset, { epochs: 2 });
  const buffers = trainer.memory.buffers;
  const [images] = batchOf(dataset, 0, 21);
  const probabilities = await trainer.predict(dataset);
  expect(probabilities).toHaveLength(21 * 3);
  expect(probabilities).toEqual(await trainer.predict(images));
  const correct = Array.from({ length: 21 }, (_, i) => probabilities.subarray(3 * i, 3 * i + 3)).filter(
    (p, i) => p.indexOf(Math.max(...p)) === dataset.labels[i],
  ).length;
  expect((await trainer.evaluate(dataset)).accuracy).toBeCloseTo(correct / 21, 10);
  expect(trainer.memory.buffers).toBe(buffers);
  await expect(trainer.predict({ ...dataset, imageShape: [6, 3, 2] })).rejects.toThrow(ConfigurationError);
  expect(trainer.memory.buffers).toBe(buffers);
  trainer.dispose();
});

const shapes = (outputs: readonly LayerOutput[]) => outputs.map(({ layer, shape }) => [layer, ...shape]);

test('activations: the output of every layer with its shape, and the probabilities at the end', async () => {
  const trainer = make();
  const outputs = await trainer.activations(dataset);
  expect(shapes(outputs)).toEqual([
    ['max_pooling2d', 2, 2, 4],
    ['conv2d_1', 2, 2, 3],
    ['dense', 5],
    ['dense_1', 3],
  ]);
  for (const { shape, values } of outputs) expect(values).toHaveLength(21 * shape.reduce((a, b) => a * b));
  expect(outputs.at(-1)!.values).toEqual(await trainer.predict(dataset));
  // The result of each sample doesn't depend on the other images.
  const [images] = batchOf(dataset, 17, 1);
  const single = await trainer.meanwhile.activations(images);
  for (const [i, { values }] of single.entries()) {
    const all = outputs[i]!.values;
    const each = all.length / 21;
    expect(values).toEqual(all.slice(17 * each, 18 * each));
  }
  trainer.dispose();
});

test('an activation is what its layer computes from the previous one', async () => {
  const trainer = make();
  await trainer.fit(dataset, { epochs: 3 });
  const weights = await trainer.getWeights();
  const [, convolution, hidden, probabilities] = await trainer.activations(dataset);
  const [kernel, bias, lastKernel, lastBias] = weights.slice(-4);
  for (let n = 0; n < 21; n++) {
    const x = convolution!.values.subarray(12 * n, 12 * n + 12);
    for (let unit = 0; unit < 5; unit++) {
      const z = x.reduce((sum, value, i) => sum + value * kernel![5 * i + unit]!, bias![unit]!);
      expect(hidden!.values[5 * n + unit]).toBeCloseTo(Math.tanh(z), 5);
    }
    const h = hidden!.values.subarray(5 * n, 5 * n + 5);
    const z = [0, 1, 2].map((c) => h.reduce((sum, value, i) => sum + value * lastKernel![3 * i + c]!, lastBias![c]!));
    const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
    for (const c of [0, 1, 2]) {
      expect(probabilities!.values[3 * n + c]).toBeCloseTo(Math.exp(z[c]!) / total, 5);
    }
  }
  trainer.dispose();
});
