import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { importModel } from '../../src/formats/import_model.ts';
import { formatTensorflow, parseTensorflow } from '../../src/formats/tensorflow.ts';
import type { ModelFile, TrainedModel } from '../../src/formats/trained_model.ts';
import { freezeLayers, type LayerConfig, type Model, presetModel } from '../../src/index.ts';
import { planTraining } from '../../src/train/plan_training.ts';
import { graphs } from '../training/graph_models.ts';
import { bitsOf, largestDifference, madeImages, probabilitiesOf, trained } from './made_models.ts';
import { zoo } from './zoo.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const jsonOf = (files: readonly ModelFile[]) => JSON.parse(new TextDecoder().decode(files[0]!.bytes));
const buffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Loads the model with TensorFlow.js. */
async function loaded(files: readonly ModelFile[]): Promise<tfl.LayersModel> {
  const json = jsonOf(files);
  const { weights } = json.weightsManifest[0];
  return tfl.loadLayersModel(tf.io.fromMemory({ ...json, weightSpecs: weights, weightData: buffer(files[1]!.bytes) }));
}

function predicted(model: tfl.LayersModel, images: Float32Array, { inputShape }: Model): Float32Array {
  return tf.tidy(() =>
    (
      model.predict(
        tf.tensor(
          images,
          [-1, ...inputShape].map((n, i) => (i ? n : images.length / inputShape.reduce((a, b) => a * b))),
        ),
      ) as tf.Tensor
    ).dataSync(),
  ) as Float32Array;
}

async function difference(network: TrainedModel): Promise<number> {
  const images = madeImages(network.model, 2);
  const model = await loaded(formatTensorflow(network));
  const result = largestDifference(predicted(model, images, network.model), probabilitiesOf(network, images));
  model.dispose();
  return result;
}

/** Layers and options that TensorFlow.js lacks. */
const lacking: Record<string, RegExp> = {
  'convolutions, valid':
    /no convolutions in groups \(layer conv2d_1\); no convolutions in groups \(layer conv2d_2\)[\s\S]*onnx/,
  'convolutions, dilated': /no dilated depthwise convolutions without padding \(layer depthwise_conv2d\)/,
  'transposed, dilated': /no dilated transposed convolutions \(layer conv2d_transpose\)/,
  'normalizations of images': /no group normalization \(layer group_normalization\); no group/,
  'normalizations of vectors': /no group normalization/,
  activations:
    /no activation hardSigmoid \(layer option_hardSigmoid\); .*no activation exponential \(layer layer_exponential\)/,
  'bilinear up-sampling': /no bilinear up-sampling/,
};

/** The model without the layers that depend on the option. */
const without = (model: Model, lacks: RegExp): Model => {
  const isGone = ({ inputs: _, ...layer }: LayerConfig) => lacks.test(JSON.stringify(layer));
  const gone = new Set(model.layers.filter(isGone).map(({ name }) => name));
  return {
    ...model,
    layers: model.layers
      .filter((layer) => !isGone(layer))
      .map((layer) => ({
        ...layer,
        ...(layer.inputs && { inputs: layer.inputs.filter((input) => !gone.has(input as string)) }),
      })) as LayerConfig[],
  };
};

describe('TensorFlow.js loads it and gives the same probabilities as wgrad', () => {
  const able = Object.entries(zoo).filter(([name]) => !(name in lacking));
  test.each<[string, Model]>([
    ...able,
    ['activations that it has', without(zoo.activations!, /hardSigmoid|hardSwish|exponential/)],
    ['normalizations that it has', without(zoo['normalizations of images']!, /groupNormalization/)],
    ['dilated convolutions that it has', without(zoo['convolutions, dilated']!, /depthwise/)],
    ['tutorial', presetModel('tutorial', [8, 8, 1], 4)],
    ['resnet8', presetModel('resnet8', [8, 8, 3], 4)],
  ])('%s', async (_, model) => {
    expect(await difference(trained(model))).toBeLessThan(1e-5);
  });

  test('random graphs', async () => {
    const models = fc.sample(graphs, { numRuns: 16, seed: 3 }).filter((model) => !/group/.test(JSON.stringify(model)));
    expect(models.length).toBeGreaterThan(5);
    for (const [i, model] of models.entries()) {
      expect(await difference(trained(model, i)), JSON.stringify(model)).toBeLessThan(1e-5);
    }
  });

  test.each(Object.entries(lacking))('unsupported parts are reported: %s', (name, message) => {
    expect(() => formatTensorflow(trained(zoo[name]!))).toThrow(message);
  });
});

test('an exported model can be imported, with its exact weights', () => {
  for (const [name, model] of Object.entries(zoo)) {
    if (name in lacking) continue;
    const network = trained(model);
    const files = formatTensorflow(network);
    const back = parseTensorflow(jsonOf(files), () => files[1]!.bytes, name);
    expect(bitsOf(back.weights!)).toEqual(bitsOf(network.weights));
    const images = madeImages(model, 2);
    const again = probabilitiesOf({ ...network, ...back } as TrainedModel, images);
    expect(largestDifference(again, probabilitiesOf(network, images)), name).toBe(0);
    expect(back.notes).toEqual([]);
  }
});

/** Saves a model that was created in TensorFlow.js. */
async function saved(model: tfl.LayersModel) {
  let artifacts!: tf.io.ModelArtifacts;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = artifacts;
  const json = {
    format: 'layers-model',
    modelTopology,
    weightsManifest: [{ paths: ['a.bin', 'b.bin'], weights: weightSpecs }],
  };
  const bytes = new Uint8Array(weightData as ArrayBuffer);
  // The shards end in the middle of a tensor.
  const shards: Record<string, Uint8Array> = { 'a.bin': bytes.subarray(0, 101), 'b.bin': bytes.subarray(101) };
  return { json: JSON.parse(JSON.stringify(json)), read: (path: string) => shards[path]! };
}

describe('models made by TensorFlow.js can be imported', () => {
  const { layers: l } = tfl;
  const sequential = () =>
    tfl.sequential({
      layers: [
        l.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, padding: 'same', kernelInitializer: 'heNormal' }),
        l.batchNormalization(),
        l.reLU({ maxValue: 6 }),
        l.zeroPadding2d({
          padding: [
            [0, 1],
            [0, 1],
          ],
        }),
        l.depthwiseConv2d({ kernelSize: 3, strides: 2, depthMultiplier: 2, activation: 'swish' }),
        l.leakyReLU(),
        l.dropout({ rate: 0.1 }),
        l.globalAveragePooling2d({}),
        l.reshape({ targetShape: [1, 1, 8] }),
        l.conv2d({ filters: 3, kernelSize: 1, kernelRegularizer: tfl.regularizers.l2({ l2: 0.01 }) }),
        l.activation({ activation: 'softmax' }),
        l.reshape({ targetShape: [3] }),
      ],
    });
  const functional = () => {
    const input = tfl.input({ shape: [8, 8, 2] });
    const a = l.separableConv2d({ filters: 3, kernelSize: 3, name: 'a' }).apply(input) as tfl.SymbolicTensor;
    const b = l.conv2d({ filters: 3, kernelSize: 3, name: 'b' }).apply(input) as tfl.SymbolicTensor;
    const sum = l.add().apply([a, l.multiply().apply([a, b]) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    const flat = l.flatten().apply(l.averagePooling2d({ poolSize: 2 }).apply(sum)) as tfl.SymbolicTensor;
    return tfl.model({
      inputs: input,
      outputs: l.dense({ units: 3, activation: 'softmax' }).apply(flat) as tfl.SymbolicTensor,
    });
  };

  test.each([
    ['Sequential', sequential],
    ['Functional', functional],
  ])('%s', async (_, make) => {
    const model = make();
    const { json, read } = await saved(model);
    const back = parseTensorflow(json, read, 'model.json') as TrainedModel;
    const images = madeImages(back.model, 3);
    expect(largestDifference(predicted(model, images, back.model), probabilitiesOf(back, images))).toBeLessThan(1e-5);
  });

  test('quantized to 16 bits', async () => {
    const network = trained(zoo.depthwise!);
    const files = formatTensorflow(network);
    const json = jsonOf(files);
    const scale = 1e-4;
    const quantized = network.weights.map((tensor) => Uint16Array.from(tensor, (x) => Math.round((x + 3) / scale)));
    for (const tensor of json.weightsManifest[0].weights) tensor.quantization = { dtype: 'uint16', scale, min: -3 };
    const bytes = new Uint8Array(await new Blob(quantized as BlobPart[]).arrayBuffer());
    const back = parseTensorflow(json, () => bytes, 'model.json');
    back.weights!.forEach((tensor, i) => {
      expect(largestDifference(tensor, network.weights[i]!)).toBeLessThan(scale);
    });
  });
});

describe('an invalid model', () => {
  const files = formatTensorflow(trained(presetModel('tutorial', [8, 8, 1], 4)));
  const changed = (change: (json: ReturnType<typeof jsonOf>) => void) => {
    const json = jsonOf(files);
    change(json);
    return json;
  };
  const layersOf = (json: ReturnType<typeof jsonOf>) => json.modelTopology.config.layers;
  const read = () => files[1]!.bytes;

  test.each<[string, unknown, RegExp]>([
    ['is no model', { a: 1 }, /is not a TensorFlow.js layers model/],
    ['is a graph model', { format: 'graph-model', modelTopology: {} }, /a graph model/],
    [
      'has layers that wgrad has not',
      changed((json) => {
        layersOf(json)[1].class_name = 'LSTM';
        layersOf(json)[3].config.activation = 'sine';
        layersOf(json)[5].class_name = 'Permute';
      }),
      /conv2d \(LSTM\), conv2d_1 \(Conv2D, activation sine\), flatten \(Permute\)[\s\S]*3 of 7 layers/,
    ],
    [
      'has channels first',
      changed((json) => {
        layersOf(json)[1].config.data_format = 'channels_first';
      }),
      /conv2d \(Conv2D, data_format "channels_first"\)/,
    ],
    [
      'has another shape',
      changed((json) => {
        layersOf(json)[1].config.kernel_size = [5, 5];
      }),
      /conv2d\.kernel is \[3, 3, 1, 32\], the layer's \[5, 5, 1, 32\]/,
    ],
    [
      'has a size that is none',
      changed((json) => {
        layersOf(json)[1].config.filters = 'many';
      }),
      /filters is invalid/,
    ],
    [
      'has weights of another type',
      changed((json) => {
        json.weightsManifest[0].weights[0].dtype = 'complex64';
      }),
      /conv2d\/kernel: complex64/,
    ],
  ])('%s', (_, json, message) => {
    expect(() => parseTensorflow(json, read, 'model.json')).toThrow(message);
  });

  test('has truncated weights', () => {
    expect(() => parseTensorflow(jsonOf(files), () => files[1]!.bytes.subarray(0, -1), 'model.json')).toThrow(
      /The weights of model.json are truncated[\s\S]*dense_1\/bias \[4\]/,
    );
  });
});

/** MobileNet of width 1/4 for images of 32 x 32, with the published layers and names, and random weights. */
function mobileNet(): tfl.LayersModel {
  const alpha = 0.25;
  const { layers } = tfl;
  const wide = tfl.initializers.randomNormal({ stddev: 0.5 });
  const model = tfl.sequential({ name: `mobilenet_${alpha}_32` });
  const add = (layer: tfl.layers.Layer) => model.add(layer);
  const normalized = (name: string) => {
    add(layers.batchNormalization({ name: `${name}_bn`, axis: -1, betaInitializer: 'randomNormal' }));
    add(layers.reLU({ name: `${name}_relu`, maxValue: 6 }));
  };
  const pad = (name: string) =>
    layers.zeroPadding2d({
      name,
      padding: [
        [0, 1],
        [0, 1],
      ],
      ...(name === 'conv1_pad' && { inputShape: [32, 32, 3] }),
    });
  const common = { useBias: false, kernelInitializer: 'heNormal', depthwiseInitializer: 'heNormal' } as const;
  add(pad('conv1_pad'));
  add(layers.conv2d({ name: 'conv1', filters: 32 * alpha, kernelSize: 3, strides: 2, ...common }));
  normalized('conv1');
  const blocks = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
  blocks.forEach((filters, i) => {
    const strides = [1, 3, 5, 11].includes(i) ? 2 : 1;
    if (strides === 2) add(pad(`conv_pad_${i + 1}`));
    const padding = strides === 2 ? 'valid' : 'same';
    add(layers.depthwiseConv2d({ name: `conv_dw_${i + 1}`, kernelSize: 3, strides, padding, ...common }));
    normalized(`conv_dw_${i + 1}`);
    add(
      layers.conv2d({ name: `conv_pw_${i + 1}`, filters: filters * alpha, kernelSize: 1, padding: 'same', ...common }),
    );
    normalized(`conv_pw_${i + 1}`);
  });
  add(layers.globalAveragePooling2d({ name: 'global_average_pooling2d_1' } as never));
  add(layers.reshape({ name: 'reshape_1', targetShape: [1, 1, 1024 * alpha] }));
  add(layers.dropout({ name: 'dropout', rate: 0.001 }));
  add(layers.conv2d({ name: 'conv_preds', filters: 100, kernelSize: 1, padding: 'same', kernelInitializer: wide }));
  add(layers.activation({ name: 'act_softmax', activation: 'softmax' }));
  add(layers.reshape({ name: 'reshape_2', targetShape: [100] }));
  return model;
}

test("MobileNet predicts as in TensorFlow.js, and provides another classifier's features: only the new layers run backward", async () => {
  const theirs = mobileNet();
  let saved: tf.io.ModelArtifacts | undefined;
  await theirs.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = saved!;
  const json = { modelTopology, weightsManifest: [{ paths: ['group1-shard1of1'], weights: weightSpecs }] };
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  const data = new Uint8Array(weightData as ArrayBuffer);
  const imported = importModel({ name: 'model.json', bytes }, { read: () => data }) as TrainedModel;
  const images = madeImages(imported.model, 1);
  const expected = predicted(theirs, images, imported.model);
  expect(largestDifference(probabilitiesOf(imported, images), expected)).toBeLessThan(1e-5);
  // The probabilities differ, so other weights would be detected.
  expect(Math.max(...expected)).toBeGreaterThan(1.1 / 100);
  theirs.dispose();

  // Cut before the last layer with weights, frozen, and extended with a new classifier.
  const { layers } = imported.model;
  const features = layers.slice(
    0,
    layers.findIndex(({ name }) => name === 'conv_preds'),
  );
  const ending: LayerConfig[] = [
    { type: 'flatten' },
    { type: 'dense', units: 16, activation: 'relu', name: 'hidden' },
    { type: 'dense', units: 5, activation: 'softmax', name: 'classes' },
  ];
  const model = freezeLayers({ ...imported.model, layers: [...features, ...ending] }, 'conv*');
  const { dispatches } = await planTraining(
    { model, batchSize: 8 },
    { imageShape: model.inputShape, count: 100 },
    { traits: { software: true, subgroupSize: 4 }, limits: { mostBytes: 2 ** 30, mostArenaBytes: 2 ** 27 } },
  );
  const layersOf = (phase: string) => new Set(dispatches.filter((d) => d.phase === phase).map(({ layer }) => layer));
  expect(layersOf('forward').size).toBeGreaterThan(27);
  expect([...layersOf('backward')].filter((layer) => layer !== '').sort()).toEqual(['classes', 'hidden']);
});
