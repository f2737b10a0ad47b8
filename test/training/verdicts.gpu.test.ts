import { median } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { firstRemedy } from '../../src/health/first_remedy.ts';
import type { LayerHealth } from '../../src/health/health.ts';
import { warmUpSteps } from '../../src/health/thresholds.ts';
import {
  createTrainer,
  type Dataset,
  type History,
  type Model,
  NonFiniteError,
  type TrainerOptions,
  takeFirst,
  tutorialAugmentation,
  type Verdict,
} from '../../src/index.ts';
import { type PresetName, presetModel } from '../../src/model/presets.ts';
import { applyChange } from '../../src/train/apply_change.ts';
import torch from '../fixtures/torch_verdicts.json';
import { gpu } from '../gpu/shared_gpu.ts';
import { digits as allDigits, mnist } from './real_images.ts';

// Networks with known gradient behavior, trained on real images.

const { train: digits } = allDigits;

interface Trained {
  history: History;
  /** As they were reported. */
  verdicts: Verdict[];
  error?: unknown;
}

async function train(
  dataset: Dataset,
  model: PresetName | Model,
  { epochs = 1, ...options }: Partial<TrainerOptions> & { epochs?: number } = {},
): Promise<Trained> {
  const json = typeof model === 'string' ? presetModel(model, dataset.imageShape, 10) : model;
  const trainer = createTrainer(gpu, { model: json, seed: 1, ...options });
  const verdicts: Verdict[] = [];
  const onVerdict = (verdict: Verdict) => verdicts.push(verdict);
  try {
    return { history: await trainer.fit(dataset, { epochs, onVerdict }), verdicts };
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    return { history: error.history!, verdicts, error };
  } finally {
    trainer.dispose();
  }
}

/** The verdicts of each layer, in order. */
function byLayer({ history, verdicts }: Trained): Record<string, string[]> {
  expect(history.verdicts).toEqual(verdicts);
  const layers: Record<string, string[]> = {};
  for (const { layer, verdict } of verdicts) {
    layers[layer] = [...(layers[layer] ?? []), verdict];
  }
  return layers;
}

/** RMS of each layer's delta over the last one's, in the first step. */
function reaches({ steps }: History): number[] {
  const deltas = Object.values(steps[0]!.health!.layers).map(({ deltaRms }) => deltaRms);
  return deltas.map((delta) => delta / deltas.at(-1)!);
}

const relativeDelta = (layers: Record<string, LayerHealth>, layer: string) =>
  layers[layer]!.deltaRms / Object.values(layers).at(-1)!.deltaRms;

const healthy = ['healthy'];

describe("the tutorial's network is healthy in every layer, from the start to the end", () => {
  test.each([
    ['digits without augmentation', digits, null, 2, 32],
    ['digits, augmented', digits, tutorialAugmentation, 2, 32],
    ['MNIST, augmented', takeFirst(mnist, 528), tutorialAugmentation, 1, 16],
  ] as const)('%s', async (_, dataset, augmentation, epochs, batchSize) => {
    const trained = await train(dataset, 'tutorial', { augmentation, epochs, batchSize });
    expect(trained.history.epochs).toHaveLength(epochs);
    expect(byLayer(trained)).toEqual({ conv2d: healthy, conv2d_1: healthy, dense: healthy, dense_1: healthy });
    for (const { step, remedy } of trained.verdicts) expect({ step, remedy }).toEqual({ step: 1, remedy: '' });
  });
});

test('ten sigmoid layers vanish, and more so the nearer they are to the input', async () => {
  const trained = await train(digits, 'deep-sigmoid');
  const layers = byLayer(trained);
  for (const name of ['dense', 'dense_1', 'dense_2', 'dense_3', 'dense_4']) expect(layers[name]).toEqual(['vanishing']);
  for (const name of ['dense_8', 'dense_9', 'dense_10']) expect(layers[name]).toEqual(healthy);
  const reach = reaches(trained.history);
  for (const [i, factor] of reach.slice(0, -1).entries()) expect(factor).toBeLessThan(0.25 * reach[i + 1]!);
  expect(reach[0]).toBeLessThan(1e-6);
  const [first] = trained.verdicts;
  expect(first!.sentence).toMatch(
    /^only \S+e-7 of the last layer's gradient reaches dense \(0\.2\d* times per layer\)/,
  );
  expect(first!.remedy).toContain('sigmoid');
});

test.each(['exploding-linear', 'exploding-relu'] as const)('%s explodes', async (name) => {
  const trained = await train(digits, name);
  const layers = byLayer(trained);
  for (const layer of ['dense', 'dense_1']) expect(layers[layer]![0]).toBe('exploding');
  for (const layer of ['dense_9', 'dense_10']) expect(layers[layer]).toEqual(healthy);
  const [first, second, third] = reaches(trained.history);
  expect(first).toBeGreaterThan(1.5 * second!);
  expect(second).toBeGreaterThan(1.5 * third!);
});

test('five ReLU layers at the scale of He are healthy', async () => {
  const layers = byLayer(await train(digits, 'five-relu', { epochs: 3 }));
  expect(Object.values(layers)).toEqual(Array(6).fill(healthy));
});

test('a ReLU layer whose biases start at -10 is dead', async () => {
  const { dense, dense_1 } = byLayer(await train(digits, 'dead-relu', { epochs: 2 }));
  expect({ dense, dense_1 }).toEqual({ dense: ['dead'], dense_1: healthy });
});

test('a tanh layer fed with inputs a hundred times too large is saturated', async () => {
  const { dense, dense_1 } = byLayer(await train(digits, 'saturated-tanh', { epochs: 2 }));
  expect({ dense, dense_1 }).toEqual({ dense: ['saturated'], dense_1: healthy });
});

test('SGD with a learning rate of 10 ends in non-finite numbers: the step and the layer are named', async () => {
  const trained = await train(digits, 'exploding-linear', { optimizer: { type: 'sgd', learningRate: 10 } });
  expect(trained.error).toBeInstanceOf(NonFiniteError);
  const { layer, pass } = trained.error as NonFiniteError;
  const told = trained.verdicts.filter(({ verdict }) => verdict === 'non-finite');
  const step = trained.history.steps.find(({ skipped }) => skipped)!;
  expect(told).toEqual([expect.objectContaining({ layer, step: step.step, epoch: 1 })]);
  expect(told[0]!.sentence).toContain(`at step ${step.step} `);
  expect(told[0]!.sentence).toContain(`${pass} pass of ${layer}`);
  expect(told[0]!.sentence).toMatch(/the last update before was \S+ times its weights/);
});

describe('the first remedy of a faulty preset cures it', () => {
  test.each<[PresetName, string[], RegExp]>([
    ['deep-sigmoid', ['dense'], /^relu with heNormal/],
    ['exploding-linear', ['dense'], /^initial weights/],
    ['exploding-relu', ['dense'], /^initial weights/],
    ['dead-relu', ['dense'], /^biases that start at zero/],
    ['saturated-tanh', ['dense'], /^initial weights/],
  ])('%s', async (name, faulty, words) => {
    const model = presetModel(name, digits.imageShape, 10);
    const { history } = await train(digits, model, { epochs: 3 });
    const remedy = firstRemedy(history.runVerdicts, history.verdicts)!;
    expect(remedy.words).toMatch(words);
    const before = history.verdicts.filter(({ layer, verdict }) => faulty.includes(layer) && verdict !== 'healthy');
    expect(before.length).toBeGreaterThan(0);
    const cured = await train(digits, applyChange({ model }, remedy.change).model, { epochs: 3 });
    expect(new Set(Object.values(byLayer(cured)).map((verdicts) => verdicts.at(-1)))).toEqual(new Set(healthy));
    expect(cured.history.epochs.at(-1)!.loss).toBeLessThan(1);
    expect(cured.history.runVerdicts.at(-1)).toMatchObject({ verdict: 'learning', cause: '', remedies: [] });
  });
});

describe('twenty layers, as in PyTorch: torch_verdicts.json', () => {
  /** plain20 with sigmoids instead of ReLU. */
  const sigmoids = (normalized: boolean): Model => {
    const { layers, ...rest } = presetModel('plain20', digits.imageShape, 10);
    return {
      ...rest,
      layers: layers
        .filter(({ type }) => normalized || type !== 'batchNormalization')
        .map((layer) => (layer.type === 'activation' ? { ...layer, activation: 'sigmoid' } : layer)),
    };
  };
  /** One step more than a first verdict takes. */
  const firstVerdicts = takeFirst(digits, 32 * (warmUpSteps + 1));
  const lastOf = (layers: Record<string, string[]>) => new Set(Object.values(layers).map((names) => names.at(-1)));

  test('with shortcuts, healthy in every layer from the start to the end', async () => {
    const trained = await train(takeFirst(digits, 800), 'resnet20');
    const layers = byLayer(trained);
    expect(Object.keys(layers)).toHaveLength(43);
    for (const [layer, verdicts] of Object.entries(layers))
      expect({ layer, verdicts }).toEqual({ layer, verdicts: healthy });
    expect(trained.history.epochs.at(-1)!.accuracy).toBeGreaterThan(0.5);
    for (const [layer, { reach }] of Object.entries(torch.networks.resnet20.layers)) {
      const ours = median(trained.history.steps.map(({ health }) => relativeDelta(health!.layers, layer)));
      expect({ layer, near: ours > 0.5 * reach[0]! && ours < 2 * reach[2]! }).toEqual({ layer, near: true });
    }
  });

  test('with sigmoids and nothing else vanishing, all but the last few', async () => {
    const layers = byLayer(await train(firstVerdicts, sigmoids(false)));
    for (const [i, name] of Object.keys(torch.networks['plain20-sigmoid'].layers).entries()) {
      if (i < 16) expect(layers[name]).toEqual(['vanishing']);
      if (i > 17) expect(layers[name]).toEqual(healthy);
    }
  });

  test('with sigmoids and normalizations healthy', async () => {
    expect(lastOf(byLayer(await train(firstVerdicts, sigmoids(true))))).toEqual(new Set(healthy));
  });
});

test('without health there are no verdicts', async () => {
  const { history, verdicts } = await train(digits, 'deep-sigmoid', { health: 'off' });
  expect(history.verdicts).toEqual([]);
  expect(verdicts).toEqual([]);
});
