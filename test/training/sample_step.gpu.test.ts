import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adam, ConfigurationError, createTrainer, type Model, sgd, type Trainer } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { uniforms } from '../../src/model/initializers.ts';
import { unitTerms } from '../../src/plan/layers/unit_terms.ts';
import { product } from '../../src/product';
import { sampleGradients } from '../../src/reference/network.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { graphsOfFewShapes } from './graph_models.ts';
import { batchOf, exactRescale, normalizedModel, smallDataset, smallModel } from './small.ts';

// Compares one sample's forward and backward pass with the float64 twin.

type Numbers = ArrayLike<number>;

/** Largest difference relative to the largest expected magnitude. */
function relativeError(found: Numbers, expected: Numbers, least = 1e-3): number {
  let [difference, size] = [found.length === expected.length ? 0 : Infinity, least];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
    if (!Number.isFinite(found[i]!)) return Infinity;
  }
  return difference / size;
}

/** Activations whose derivative is computed from the input: as separate layers, their delta is that of their output. */
const unfused = ['elu', 'softplus', 'gelu', 'silu', 'relu6', 'selu'];

/** The parts that differ from the twin by more than float32 rounding explains. */
async function differences(trainer: Trainer, image: Float32Array, label: number): Promise<string[]> {
  const { model } = trainer;
  const weights = await trainer.getWeights();
  const found = await trainer.sampleStep(image, label);
  const twin = sampleGradients(model, weights, image, label);
  const [bad, most] = [[] as string[], 2e-3];
  const check = (name: string, is: Numbers, should: Numbers) => {
    const error = relativeError(is, should);
    if (!(error < most)) bad.push(`${name}: ${error}`);
  };
  check('loss', [found.loss], [twin.loss]);
  check('outputs', found.outputs, twin.outputs);
  check('image', found.image, image);
  check('imageGradient', found.imageGradient, twin.imageGradient);
  const last = model.layers[model.output]!.name;
  for (const { layer, values, deltas } of found.layers) {
    const { type, activation } = model.layers.find(({ name }) => name === layer)!;
    check(`values of ${layer}`, values, layer === last ? twin.outputs : twin.layers[layer]!.values);
    const isOfOutput = type === 'activation' && unfused.includes(String(activation));
    if (!isOfOutput) check(`deltas of ${layer} (${type})`, deltas, twin.layers[layer]!.deltas);
  }
  const trained = model.tensors.flatMap(({ spec }, t) => (spec.trainable ? weights[t]! : []));
  for (const [t, { layer, name, gradient, values }] of found.tensors.entries()) {
    check(`gradient of ${layer}.${name}`, gradient, twin.gradients[t]!);
    expect(values).toEqual(trained[t]);
  }
  const { output, gradient } = await trainer.saliency(image);
  expect(output).toBe(twin.outputs.indexOf(Math.max(...twin.outputs)));
  check('saliency', gradient, sampleGradients(model, weights, image, { output }).imageGradient);
  return bad;
}

const noise = (next: () => number, count: number, limit: number, middle = 0) =>
  Float32Array.from({ length: count }, () => middle + limit * (2 * next() - 1));

/** Weights different from their usual initial values, so that a missing tensor is detected. */
function weightsFor(json: Model, seed: number): Float32Array[] {
  const next = uniforms(seed, 1);
  return compileModel(json).tensors.map(({ spec: { name, shape, fanIn, fanOut } }) => {
    const count = product(shape);
    if (name === 'gamma' || name === 'movingVariance') return noise(next, count, 0.4, 1);
    return noise(next, count, /ernel/.test(name) ? Math.sqrt(6 / (fanIn + fanOut)) : 0.25);
  });
}

async function compare(json: Model, seed: number): Promise<string[]> {
  const next = uniforms(seed, 0);
  const trainer = createTrainer(gpu, { model: json, batchSize: 3, optimizer: 'sgd', seed });
  try {
    await trainer.setWeights(weightsFor(json, seed));
    const image = noise(
      next,
      json.inputShape.reduce((a, b) => a * b),
      1,
    );
    return await differences(trainer, image, Math.floor(next() * trainer.classNames.length));
  } finally {
    trainer.dispose();
  }
}

test.each([
  ['convolutions, a pool, dense layers', smallModel],
  ['a shortcut, normalizations, dropout, frozen layers', normalizedModel],
])('outputs and gradients of every layer, tensor and pixel are the twin’s: %s', async (_, model) => {
  expect(await compare(model, 3)).toEqual([]);
});

test('the same for random graphs', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(graphsOfFewShapes, fc.nat(1000), async (model, seed) => {
      expect(await compare(model, seed)).toEqual([]);
    }),
    { seed: 8, numRuns: 5 },
  );
});

test('the twin’s gradients of an image are central differences, of the loss and of an output', () => {
  const model = compileModel(normalizedModel);
  const weights = weightsFor(normalizedModel, 5).map((tensor) => Float64Array.from(tensor));
  const image = Float64Array.from(noise(uniforms(5, 0), 36, 1));
  const logit = (x: Float64Array) => sampleGradients(model, weights, x, 1).layers.dense!.values[2]!;
  const loss = (x: Float64Array) => sampleGradients(model, weights, x, 1).loss;
  const h = 1e-6;
  for (const [of, label] of [
    [loss, 1],
    [logit, { output: 2 }],
  ] as const) {
    const { imageGradient } = sampleGradients(model, weights, image, label);
    for (let i = 0; i < 36; i += 5) {
      const [up, down] = [image.slice(), image.slice()];
      up[i]! += h;
      down[i]! -= h;
      expect(imageGradient[i]).toBeCloseTo((of(up) - of(down)) / (2 * h), 6);
    }
  }
});

test.each([
  ['adam', adam({ learningRate: 0.01, clipnorm: 0.5 })],
  [
    'sgd with momentum and a schedule',
    sgd({
      learningRate: { type: 'exponentialDecay', initialLearningRate: 0.1, decaySteps: 3, decayRate: 0.5 },
      momentum: 0.9,
    }),
  ],
])(
  'the update is the one that the optimizer makes of this sample next, and training is left alone: %s',
  async (_, optimizer) => {
    const dataset = smallDataset(20);
    const make = () =>
      createTrainer(gpu, { model: smallModel, batchSize: 8, optimizer, augmentation: { rescale: exactRescale } });
    const [trainer, undisturbed] = [make(), make()];
    try {
      await trainer.fit(dataset, { epochs: 1 });
      await undisturbed.fit(dataset, { epochs: 1 });
      const [image, [label]] = batchOf(dataset, 4, 1) as [Float32Array, Uint8Array & [number]];
      const buffers = trainer.memory.buffers;
      const found = await trainer.sampleStep(image, label!);
      const made = trainer.memory.buffers;
      expect(made).toBeGreaterThan(buffers);
      const snapshot = await trainer.snapshot();
      expect(snapshot).toEqual(await undisturbed.snapshot());
      // A data set with a single image gives the same result, and a second call creates no objects.
      const bytes = {
        ...dataset,
        images: dataset.images.slice(4 * 36, 5 * 36),
        labels: dataset.labels.slice(4, 5),
        count: 1,
      };
      expect(await trainer.meanwhile.sampleStep(bytes, label!)).toEqual(found);
      expect(trainer.memory.buffers).toBe(made);
      const before = await trainer.getWeights();
      const { loss } = await trainer.trainOnBatch(image, [label!]);
      const after = await trainer.getWeights();
      expect(found.loss).toBeCloseTo(loss, 5);
      for (const [t, { update, layer, name }] of found.tensors.entries()) {
        const moved = after[t]!.map((value, i) => value - before[t]![i]!);
        expect({ name, error: relativeError(update, moved, 1e-5) < 2e-3 }, layer).toEqual({ name, error: true });
      }
      expect(found.learningRate).toBeCloseTo(optimizer.type === 'adam' ? 0.01 : 0.1 * 0.5, 6);
    } finally {
      trainer.dispose();
      undisturbed.dispose();
    }
  },
);

test('numbers in place of classes; what does not fit is refused before anything is made', async () => {
  const layers = [...smallModel.layers.slice(0, -1), { type: 'dense', units: 2 } as const];
  const trainer = createTrainer(gpu, { model: { ...smallModel, layers }, loss: 'meanSquaredError', batchSize: 4 });
  const image = noise(uniforms(2, 0), 36, 1);
  const weights = await trainer.getWeights();
  const { layers: found, imageGradient } = await trainer.sampleStep(image, [0.5, -1]);
  const twin = sampleGradients(trainer.model, weights, image, [0.5, -1], { type: 'meanSquaredError' });
  expect(relativeError(found.at(-1)!.deltas, twin.layers.dense_1!.deltas)).toBeLessThan(1e-4);
  expect(relativeError(imageGradient, twin.imageGradient)).toBeLessThan(1e-3);
  const { gradient } = await trainer.saliency(image, { output: 1 });
  expect(
    relativeError(
      gradient,
      sampleGradients(trainer.model, weights, image, { output: 1 }, { type: 'meanSquaredError' }).imageGradient,
    ),
  ).toBeLessThan(1e-3);
  // A class is equivalent to a target of 1 at its index, as in `fit`.
  expect((await trainer.sampleStep(image, 1)).loss).toBe((await trainer.sampleStep(image, [0, 1])).loss);
  await expect(trainer.sampleStep(image, [1])).rejects.toThrow(ConfigurationError);
  await expect(trainer.saliency(image, { output: 2 })).rejects.toThrow('no output with this index');
  await expect(trainer.saliency(new Float32Array(72))).rejects.toThrow('take one image');
  trainer.dispose();
  const classes = createTrainer(gpu, { model: smallModel, batchSize: 4 });
  await expect(classes.sampleStep(image, 3)).rejects.toThrow('outside the classes');
  classes.dispose();
});

test('a unit is made of the terms that are shown of it', async () => {
  const model: Model = {
    inputShape: [7, 6, 4],
    layers: [
      { type: 'conv2d', filters: 6, kernelSize: [3, 2], strides: 2, padding: 'same', groups: 2, name: 'strided' },
      { type: 'conv2d', filters: 3, kernelSize: 2, dilationRate: 2, padding: 'same', useBias: false, name: 'dilated' },
      { type: 'maxPooling2d', poolSize: 2, strides: 1, padding: 'same', name: 'largest' },
      { type: 'averagePooling2d', poolSize: [2, 3], padding: 'same', strides: 1, name: 'mean' },
      { type: 'globalMaxPooling2d', inputs: ['mean'], name: 'global_largest' },
      { type: 'globalAveragePooling2d', inputs: ['mean'], name: 'global_mean' },
      { type: 'concatenate', inputs: ['global_largest', 'global_mean'] },
      { type: 'dense', units: 3, name: 'units' },
      {
        type: 'depthwiseConv2d',
        kernelSize: [2, 3],
        padding: 'same',
        depthMultiplier: 2,
        inputs: ['mean'],
        name: 'each',
      },
      { type: 'separableConv2d', filters: 4, kernelSize: 2, depthMultiplier: 2, padding: 'same', name: 'separable' },
      { type: 'conv2dTranspose', filters: 6, kernelSize: [3, 2], strides: 2, padding: 'same', name: 'spread' },
      { type: 'batchNormalization', name: 'of_channels' },
      { type: 'groupNormalization', groups: 3, name: 'of_groups' },
      { type: 'layerNormalization', axis: [-2, -1], name: 'of_rows' },
      {
        type: 'cropping2d',
        cropping: [
          [1, 2],
          [2, 1],
        ],
        name: 'inside',
      },
      {
        type: 'zeroPadding2d',
        padding: [
          [1, 2],
          [2, 1],
        ],
        name: 'around',
      },
      { type: 'multiply', inputs: ['around', 'of_rows'], name: 'products' },
      { type: 'maximum', inputs: ['products', 'of_groups'] },
      { type: 'average', inputs: ['maximum', 'of_channels'] },
      { type: 'upSampling2d', size: [2, 3], interpolation: 'bilinear', name: 'smooth' },
      { type: 'upSampling2d', size: [1, 2], name: 'doubled' },
      { type: 'globalAveragePooling2d', name: 'of_enlarged' },
      { type: 'dense', units: 3, name: 'of_larger' },
      { type: 'concatenate', axis: 2, inputs: ['average', 'of_groups'], name: 'side_by_side' },
      { type: 'globalAveragePooling2d', name: 'pooled' },
      { type: 'dense', units: 3, name: 'of_branch' },
      { type: 'add', inputs: ['units', 'of_branch', 'of_larger'], name: 'both' },
      { type: 'dense', units: 3, name: 'last' },
    ],
  };
  const trainer = createTrainer(gpu, { model, batchSize: 2, loss: 'meanSquaredError' });
  const image = noise(uniforms(9, 0), 7 * 6 * 4, 1);
  // Weights of normalizations and moving statistics that differ between units.
  const weights = await trainer.getWeights();
  await trainer.setWeights(weights.map((each, t) => noise(uniforms(t, 1), each.length, 0.5, 0.8)));
  const { layers, tensors, constants } = await trainer.sampleStep(image, [0, 0, 0]);
  const valuesOf = (index: number) =>
    index < 0 ? image : layers.find(({ layer }) => layer === trainer.model.layers[index]!.name)!.values;
  for (const layer of trainer.model.layers) {
    const values = valuesOf(trainer.model.layers.indexOf(layer));
    const tensor = (name: string) =>
      [...tensors, ...constants].find((one) => one.layer === layer.name && one.name === name)?.values;
    for (let unit = 0; unit < values.length; unit++) {
      const found = unitTerms(layer, unit);
      const { how, terms, bias, shape, kernels = ['kernel'], norm } = found!;
      expect(terms).toHaveLength(shape.reduce((a, b) => a * b));
      const inputs = layer.inputs.map(valuesOf);
      const each = terms.map(({ input, of = 0, factor = 1 }) =>
        input === undefined ? 0 : factor * inputs[of]![input]!,
      );
      const [kernel, second] = kernels.map((name) => tensor(name!));
      const sum = each.reduce((total, x, i) => {
        const { weight, pointwise } = terms[i]!;
        return (
          total +
          x * (weight === undefined ? 1 : kernel![weight]!) * (pointwise === undefined ? 1 : second![pointwise]!)
        );
      }, 0);
      const normalized = () => {
        const { over, element, epsilon, scale, center } = norm!;
        const all = over?.map((i) => inputs[0]![i]!);
        const meanOf = (numbers: number[]) => numbers.reduce((a, b) => a + b) / numbers.length;
        const mean = all ? meanOf(all) : tensor('movingMean')![element]!;
        const variance = all ? meanOf(all.map((x) => (x - mean) ** 2)) : tensor('movingVariance')![element]!;
        expect([scale, center]).toEqual([true, true]);
        return (
          (tensor('gamma')![element]! * (each[0]! - mean)) / Math.sqrt(variance + epsilon) + tensor('beta')![element]!
        );
      };
      const expected = {
        largest: () => Math.max(...each),
        mean: () => sum / terms.length,
        sum: () => sum + (bias === undefined ? 0 : tensor('bias')![bias]!),
        product: () => each.reduce((a, b) => a * b),
        copy: () => each[0]!,
        normalized,
      }[how]();
      expect(
        Math.abs(values[unit]! - expected) / Math.max(1, Math.abs(expected)),
        `${layer.name} ${unit}`,
      ).toBeLessThan(1e-5);
    }
  }
  trainer.dispose();
});
