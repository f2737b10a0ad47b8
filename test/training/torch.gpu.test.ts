import { describe, expect, test } from 'vitest';
import { createTrainer } from '../../src/index.ts';
import { compileModel, trainedTensors } from '../../src/model/graph.ts';
import { matrixOf } from '../../src/model/layer.ts';
import { type FilledOptimizer, fillOptimizer } from '../../src/model/optimizer.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { torchNetworks } from '../fixtures/torch_network.ts';
import { distance, torchOptimizers } from '../fixtures/torch_optimizers.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { expectFigures } from './health_closeness.ts';

// "same" has three empty slots in its batch.
describe.each(Object.entries(torchNetworks))('the network "%s" beside PyTorch', (_, torch) => {
  const { labels, batchSize } = torch;
  const model = compileModel(torch.model);
  const images = Float32Array.from(torch.images);
  const makeTrainer = async (optimizer: FilledOptimizer) => {
    const trainer = createTrainer(gpu, { model: torch.model, optimizer, batchSize });
    await trainer.setWeights(torch.weights);
    return trainer;
  };

  test('loss, correct, probabilities, gradients and their norms', async () => {
    const trainer = await makeTrainer(torch.trained[0]!.optimizer);
    const bounds = boundsOfBatch(model, torch.weights, torch.images, labels);
    expectWithin('probabilities', await trainer.predict(images), torch.probabilities, bounds.probabilities);
    const ours = await trainer.gradients(images, labels);
    expectBatch(model, ours, torch, bounds);
    const { loss, gradientNorms } = ours;
    const step = await trainer.trainOnBatch(images, labels);
    expect(step).toMatchObject({ loss, accuracy: torch.hits / labels.length, gradientNorms });
    trainer.dispose();
  });

  test('gradient health', async () => {
    const trainer = await makeTrainer(torch.trained[0]!.optimizer);
    const { health } = await trainer.trainOnBatch(images, labels);
    const names = model.layers.filter(({ weights }) => weights.length > 0).map(({ name }) => name);
    expect(Object.keys(health!.layers)).toEqual(names);
    const expected = torch.health.flatMap(
      ({ mean, standardDeviation, zeros, saturated, elements, dead, deltaRms }, i) =>
        Object.entries({
          ...{ mean, standardDeviation, dead, deltaRms },
          ...{ zeros: zeros / elements, saturated: saturated / elements },
        }).map(([figure, value]) => [`${names[i]}.${figure}`, value] as const),
    );
    const step = { images: torch.images, labels, before: torch.weights, after: torch.weights };
    expectFigures(model, health, step, Object.fromEntries(expected));
    trainer.dispose();
  });

  test('shares of classes for labels: loss, gradients and their norms', async () => {
    const { soft } = torch;
    const options = { model: torch.model, batchSize, loss: 'categoricalCrossentropy' as const };
    const trainer = createTrainer(gpu, options);
    await trainer.setWeights(torch.weights);
    const bounds = boundsOfBatch(model, torch.weights, torch.images, labels, soft.targets);
    const ours = await trainer.gradients(images, soft.targets);
    expectBatch(model, ours, soft, bounds);
    expect((await trainer.trainOnBatch(images, soft.targets)).loss).toBe(ours.loss);
    const whole = Array.from(labels, (label) => soft.targets.map((_, k) => Number(k === label))).map((row) =>
      row.slice(0, soft.targets.length / labels.length),
    );
    const hard = await trainer.gradients(images, whole.flat());
    expect(hard.loss).not.toBe(ours.loss);
    trainer.dispose();
  });

  test.each(torch.trained)('$steps steps of $optimizer', async ({ optimizer, steps, weights }) => {
    const trainer = await makeTrainer(optimizer);
    for (let step = 0; step < steps; step++) await trainer.trainOnBatch(images, labels);
    const bounds = boundsOf(
      (w, x) => trainSteps(optimizer, w, steps, (at) => networkGradients(model, at, x, labels).gradients),
      model,
      torch.weights,
      torch.images,
    );
    const trained = await trainer.getWeights();
    for (const [i, w] of trained.entries()) expectWithin(`weights ${i}`, w, weights[i]!, bounds[i]!);
    expect(trained).toHaveLength(weights.length);
    trainer.dispose();
  });
});

describe.each(Object.entries(torchOptimizers))('twenty steps of each optimizer beside PyTorch: %s', (_, torch) => {
  const images = Float32Array.from(torch.images);
  // Optimizers that PyTorch lacks are compared with the twin, which implements Keras' formula of Lion and the published one of
  // Muon.
  const others = (
    [
      'lion',
      // Muon's updates and their rounding errors are proportional to its rate: the bound is for the published rate of 0.02.
      { type: 'muon', learningRate: 0.02 },
      { type: 'muon', learningRate: 0.02, others: 'sgd', nesterov: false, weightDecay: 0.5 },
      // Fewer steps than one Gram matrix serves, and more than two of them serve.
      { type: 'muon', learningRate: 0.02, nsSteps: 1 },
      { type: 'muon', learningRate: 0.02, nsSteps: 7 },
    ] as const
  ).map((config) => ({ optimizer: fillOptimizer(config), weights: undefined }));
  // Each step multiplies a singular value that is only rounding error by 3.4, so seven steps leave less precision.
  const mostOf = (optimizer: object) => ('nsSteps' in optimizer && optimizer.nsSteps === 7 ? 1e-4 : 1e-5);
  test.each([...torch.trained, ...others])('$optimizer', async ({ optimizer, weights }) => {
    const model = compileModel(torch.model);
    const twin = () =>
      trainSteps(
        optimizer,
        torch.weights,
        torch.steps,
        (w) => networkGradients(model, w, torch.images, torch.labels).gradients,
        undefined,
        trainedTensors(model).map(({ spec }) => matrixOf(spec)),
      );
    const trainer = createTrainer(gpu, { model: torch.model, optimizer, batchSize: torch.labels.length });
    await trainer.setWeights(torch.weights);
    for (let step = 0; step < torch.steps; step++) await trainer.trainOnBatch(images, torch.labels);
    const apart = distance(await trainer.getWeights(), weights ?? twin());
    trainer.dispose();
    expect(apart).toBeLessThan(mostOf(optimizer));
  });
});
