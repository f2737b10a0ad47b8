import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatKeras } from '../../src/formats/keras/keras_code.ts';
import { formatPytorch } from '../../src/formats/pytorch/pytorch.ts';
import type { ModelFile, TrainedModel } from '../../src/formats/trained_model.ts';
import { presetModel } from '../../src/index.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { graphs } from '../training/graph_models.ts';
import { largestDifference, madeImages, probabilitiesOf, trained } from './made_models.ts';
import { hasPython, runPython, runWith } from './python.ts';
import { zoo } from './zoo.ts';

const networks: [string, TrainedModel][] = [
  ...Object.entries(zoo).map(([name, model]): [string, TrainedModel] => [name, trained(model)]),
  ['tutorial', { ...trained(presetModel('tutorial', [8, 8, 1], 4)), classNames: ['a', "b's", 'ü', '"'] }],
  ['mobilenet-small', trained(presetModel('mobilenet-small', [8, 8, 3], 4))],
  ...fc
    .sample(graphs, { numRuns: 8, seed: 5 })
    .map((model, i): [string, TrainedModel] => [`random ${i}`, trained(model)]),
];

/** Writes the files, and images for them, into a folder. */
function written(files: readonly ModelFile[], network: TrainedModel): string {
  const folder = temporaryFolder();
  for (const { name, bytes } of files) writeFileSync(join(folder, name), bytes);
  const { inputShape } = network.model;
  const images = { shape: [2, ...inputShape], values: [...madeImages(network.model, 2)] };
  writeFileSync(join(folder, 'images.json'), JSON.stringify(images));
  return folder;
}

/** Runs all of them in one Python process, which starts slowly. */
function compare(
  own: readonly [string, TrainedModel][],
  format: (network: TrainedModel) => ModelFile[],
  run: (script: string, ...args: string[]) => number[][],
) {
  const results = run('run_python.py', ...own.map(([, network]) => written(format(network), network)));
  own.forEach(([name, network], i) => {
    const probabilities = probabilitiesOf(network, madeImages(network.model, 2));
    expect(largestDifference(results[i]!, probabilities), name).toBeLessThan(1e-5);
  });
}

test.skipIf(!hasPython('torch'))('the PyTorch code gives the same probabilities as wgrad', () => {
  compare(networks, formatPytorch, (script, ...args) => runPython<number[][]>(script, ...args));
});

// Debian has no package of Keras: `python -m venv v && v/bin/pip install keras==3.15.1 jax numpy`, then KERAS_PYTHON=v/bin/python.
const kerasPython = process.env.KERAS_PYTHON;
test.skipIf(!kerasPython)('the Keras code gives the same probabilities as wgrad', () => {
  compare(networks, formatKeras, (script, ...args) => runWith<number[][]>(kerasPython!, script, ...args));
});

test('the Keras code contains what Keras requires', () => {
  const code = (network: TrainedModel) => new TextDecoder().decode(formatKeras(network)[0]!.bytes);
  const tutorial = code(networks.find(([name]) => name === 'tutorial')![1]);
  expect(tutorial).toContain(`CLASS_NAMES = ["a","b's","ü","\\""]`);
  expect(tutorial).toContain('input = keras.Input(shape=(8, 8, 1), name="input")');
  expect(tutorial).toMatch(
    /conv2d = layers\.Conv2D\(name="conv2d", filters=32, kernel_size=\(3, 3\), .*kernel_initializer=initializers\.GlorotUniform\(\).*\)\(input\)/,
  );
  expect(tutorial).toContain('"conv2d": [\n        "kernel",\n        "bias"\n    ]');
});
