import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatOnnx, type OnnxInput } from '../../src/formats/onnx/onnx.ts';
import type { TrainedModel } from '../../src/formats/trained_model.ts';
import { presetModel, presetNames } from '../../src/index.ts';
import { layerTypes } from '../../src/model/layers/index.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { graphs } from '../training/graph_models.ts';
import { largestDifference, madeImages, probabilitiesOf, trained } from './made_models.ts';
import { hasPython, runPython } from './python.ts';
import { runOnnx } from './run_onnx.ts';
import { zoo } from './zoo.ts';

/** The largest difference between onnxruntime and the twin, on three images. */
async function difference(network: TrainedModel, input: OnnxInput = 'floats'): Promise<number> {
  const file = formatOnnx(network, { input });
  const images = madeImages(network.model, 3);
  if (input === 'floats')
    return largestDifference(await runOnnx(file, images, network.model), probabilitiesOf(network, images));
  const bytes = Uint8Array.from(images, (x) => Math.floor(255.9 * x));
  const { rescale = 1 / 255 } = network;
  const floats = Float32Array.from(bytes, (byte) => byte * rescale!);
  return largestDifference(await runOnnx(file, bytes, network.model), probabilitiesOf(network, floats));
}

test('the zoo contains every layer', () => {
  const seen = new Set(Object.values(zoo).flatMap(({ layers }) => layers.map(({ type }) => type)));
  expect([...seen].sort()).toEqual([...layerTypes].sort());
});

describe('onnxruntime gives the same probabilities as wgrad', () => {
  test.each(Object.entries(zoo))('%s', async (_, model) => {
    const network = trained(model);
    expect(await difference(network)).toBeLessThan(1e-5);
    // Images have different probabilities, so a graph that ignores them would be detected.
    const probabilities = probabilitiesOf(network, madeImages(model, 2));
    expect(largestDifference(probabilities.slice(0, 3), probabilities.slice(3))).toBeGreaterThan(1e-3);
  });

  test.each(presetNames)('the preset %s', async (name) => {
    expect(await difference(trained(presetModel(name, [8, 8, 3], 5)))).toBeLessThan(1e-5);
  });

  test('random graphs', async () => {
    for (const [i, model] of fc.sample(graphs, { numRuns: 20, seed: 14 }).entries()) {
      const largest = await difference(trained(model, i));
      expect(largest, JSON.stringify(model)).toBeLessThan(1e-5);
    }
  });

  test('bytes are rescaled in the graph', async () => {
    const network = trained(presetModel('tutorial', [8, 8, 1], 4));
    expect(await difference(network, 'bytes')).toBeLessThan(1e-5);
    expect(await difference({ ...network, rescale: 1 / 100 }, 'bytes')).toBeLessThan(1e-5);
  });
});

test.skipIf(!hasPython('onnx'))('the ONNX checker accepts every file', () => {
  const folder = temporaryFolder();
  const presets = presetNames.map((name) => presetModel(name, [8, 8, 3], 5));
  const networks = [...Object.values(zoo), ...presets, ...fc.sample(graphs, { numRuns: 20, seed: 14 })];
  const paths = networks.map((model, i) => {
    const path = join(folder, `${i}.onnx`);
    writeFileSync(
      path,
      formatOnnx({ ...trained(model), classNames: ['a', 'b'] }, { input: i % 2 ? 'bytes' : 'floats' }),
    );
    return path;
  });
  const checked = runPython<
    Record<string, { operators: string[]; opset: number; metadata: object; shapes: Record<string, unknown[]> }>
  >('check_onnx.py', ...paths);
  paths.forEach((path, i) => {
    const { opset, metadata, shapes } = checked[path]!;
    expect(opset).toBe(17);
    expect(metadata).toMatchObject({ model: JSON.stringify(networks[i]), class_names: '["a","b"]' });
    const { inputShape, layers } = networks[i]!;
    expect(shapes.images).toEqual(['batch', ...inputShape]);
    expect(shapes.probabilities).toEqual(['batch', (layers.at(-1) as { units: number }).units]);
  });
  // Layers that only act in training are omitted.
  const noise = checked[paths[Object.keys(zoo).indexOf('dropout and noise')]!]!;
  expect(noise.operators).toEqual(['Cast', 'Conv', 'Gemm', 'Mul', 'Reshape', 'Softmax', 'Transpose']);
});

test('unsupported parts are reported, with the input that is supported', () => {
  const network = { ...trained(presetModel('tutorial', [8, 8, 1], 4)), rescale: null };
  expect(() => formatOnnx(network, { input: 'bytes' })).toThrow(/centered or whitened[\s\S]*input 'floats'/);
  expect(() => formatOnnx({ ...network, weights: [] })).toThrow(/another model/);
  expect(formatOnnx(network).length).toBeGreaterThan(1000);
});
