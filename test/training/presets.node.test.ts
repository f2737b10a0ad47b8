import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import { compileModel } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { requireEnding } from '../../src/model/loss.ts';
import { aboutPreset, type PresetName, presetModel, presetNames } from '../../src/model/presets.ts';
import { tutorialModel } from '../../src/model/tutorial.ts';
import { denseForward } from '../../src/reference/dense.ts';
import { networkGradients } from '../../src/reference/network.ts';

/** The first step on a batch of images with the density of written digits: a fifth of the pixels, from 0 to 1. */
function firstStep(name: PresetName, seed: number) {
  const model = compileModel(presetModel(name, [16, 16, 1], 10));
  const weights = initialWeights(model, seed);
  const next = uniforms(seed, 1);
  const images = Float32Array.from({ length: 8 * 256 }, () => (next() < 0.2 ? next() : 0));
  const labels = Array.from({ length: 8 }, () => Math.floor(10 * next()));
  const { gradientNorms } = networkGradients(model, weights, images, labels);
  const norms = model.layers.filter((layer) => layer.parameters > 0).map((layer) => gradientNorms[layer.name]!);
  return { model, weights, images, norms };
}

/** Ratio of each layer's norm to the next one's. */
const ratios = (norms: number[]) => norms.slice(0, -1).map((norm, i) => norm / norms[i + 1]!);

test.each(presetNames)('%s adapts to the shape and the classes of a data set, and has a description', (name) => {
  for (const [shape, classes] of [
    [[28, 28, 1], 10],
    [[32, 32, 3], 10],
    [[8, 8, 1], 3],
  ] as const) {
    const model = compileModel(presetModel(name, shape, classes));
    expect(model.inputShape).toEqual(shape);
    expect(requireEnding(model, 'sparseCategoricalCrossentropy')).toBe(classes);
  }
  expect(aboutPreset(name).length).toBeGreaterThan(10);
});

test('the tutorial is the tutorial', () => {
  expect(presetModel('tutorial', [28, 28, 1], 10)).toEqual(tutorialModel());
});

test('an unknown name', () => {
  expect(() => presetModel('deep-sigmiod' as PresetName, [8, 8, 1], 3)).toThrow(ConfigurationError);
  expect(() => presetModel('deep-sigmiod' as PresetName, [8, 8, 1], 3)).toThrow('did you mean "deep-sigmoid"?');
  expect(() => presetModel('toString' as PresetName, [8, 8, 1], 3)).toThrow('Unknown model');
});

describe.each([1, 2, 3])('gradients at the start, from seed %i', (seed) => {
  test('deep-sigmoid: the first layer has less than a ten-thousandth of the last', () => {
    const { norms } = firstStep('deep-sigmoid', seed);
    expect(norms).toHaveLength(11);
    expect(norms[0]! / norms[10]!).toBeLessThan(1e-4);
    // The gradient declines towards the input, layer by layer, except at the first layer, whose input is images rather than
    // sigmoids.
    for (const ratio of ratios(norms).slice(1)) expect(ratio).toBeLessThan(1);
  });

  test.each(['exploding-linear', 'exploding-relu'] as const)('%s: far larger than those of five-relu', (name) => {
    const [exploding, healthy] = [firstStep(name, seed).norms, firstStep('five-relu', seed).norms];
    expect(exploding).toHaveLength(11);
    expect(exploding[0]! / Math.max(...healthy)).toBeGreaterThan(100);
  });

  test('five-relu: of one size', () => {
    const { norms } = firstStep('five-relu', seed);
    expect(norms).toHaveLength(6);
    for (const ratio of ratios(norms)) expect(Math.abs(Math.log10(ratio))).toBeLessThan(1);
  });

  test('dead-relu: none', () => {
    const { norms } = firstStep('dead-relu', seed);
    expect(norms[0]).toBe(0);
    expect(norms[1]).toBeGreaterThan(0.01);
  });

  test('saturated-tanh: nearly all units are flat', () => {
    const { model, weights, images } = firstStep('saturated-tanh', seed);
    const shape = { batch: 8, inputs: 256, outputs: 64, useBias: true, inActivation: 'linear' } as const;
    const { y } = denseForward({ ...shape, activation: 'tanh' }, { x: images, w: weights[0]!, b: weights[1] });
    expect(model.layers[1]!.outputShape).toEqual([64]);
    const flat = y.filter((value) => Math.abs(value) > 0.99).length / y.length;
    expect(flat).toBeGreaterThan(0.8);
  });
});
