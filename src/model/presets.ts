import { ConfigurationError, suggest } from '../errors.ts';
import { residualBlock, separableBlock } from './blocks.ts';
import type { Model } from './graph.ts';
import type { LayerConfig, LayerConfigOf } from './layers/index.ts';
import { tutorialModel } from './tutorial.ts';
import type { InitializerConfig } from './weight_options.ts';

type Dense = LayerConfigOf<'dense'>;

interface Preset {
  /** One-line description for a list. */
  about: string;
  model: (inputShape: Model['inputShape'], classes: number) => Model;
}

const units = 64;

/** Identical dense layers on flattened images, followed by a softmax. */
const denseNetwork =
  (depth: number, layer: Omit<Dense, 'type' | 'units'>): Preset['model'] =>
  (inputShape, classes) => ({
    inputShape,
    layers: [
      { type: 'flatten' },
      ...Array.from({ length: depth }, (): Dense => ({ type: 'dense', units, ...layer })),
      { type: 'dense', units: classes, activation: 'softmax' },
    ],
  });

/** Ten dense layers, each with a normalization before its activation. */
const normalizedNetwork =
  (normalization: LayerConfig, activation: 'sigmoid' | 'tanh'): Preset['model'] =>
  (inputShape, classes) => ({
    inputShape,
    layers: [
      { type: 'flatten' },
      ...Array.from({ length: 10 }, (): LayerConfig[] => [
        { type: 'dense', units, useBias: false },
        normalization,
        { type: 'activation', activation },
      ]).flat(),
      { type: 'dense', units: classes, activation: 'softmax' },
    ],
  });

/** The first convolution of a residual or depthwise network. */
const stem = (filters: number, activation: 'relu' | 'relu6'): LayerConfig[] => [
  { type: 'conv2d', filters, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer: 'heNormal' },
  { type: 'batchNormalization' },
  { type: 'activation', activation },
];

const classifier = (classes: number): LayerConfig[] => [
  { type: 'globalAveragePooling2d' },
  { type: 'dense', units: classes, activation: 'softmax' },
];

/** He et al. 2015, section 4.2: three stages of `blocks` blocks with 16, 32 and 64 filters; 6 * blocks + 2 layers in total. */
const residualNetwork =
  (blocks: number, shortcuts = true): Preset['model'] =>
  (inputShape, classes) => ({
    inputShape,
    layers: [
      ...stem(16, 'relu'),
      ...[16, 32, 64].flatMap((filters, stage) =>
        Array.from({ length: blocks }, (_, i) => {
          const strides = stage > 0 && i === 0 ? 2 : 1;
          return residualBlock({ filters, strides, ...(!shortcuts && { shortcut: 'none' as const }) });
        }).flat(),
      ),
      ...classifier(classes),
    ],
  });

/**
 * A small version of Simonyan and Zisserman 2014: pairs of 3x3 convolutions followed by a pool, for images of at least 8
 * pixels.
 */
const vggModel: Preset['model'] = (inputShape, classes) => {
  const convolution = (filters: number): LayerConfig => ({
    type: 'conv2d',
    filters,
    kernelSize: 3,
    padding: 'same',
    activation: 'relu',
    kernelInitializer: 'heUniform',
  });
  return {
    inputShape,
    layers: [
      ...[32, 64, 128].flatMap((filters): LayerConfig[] => [
        convolution(filters),
        convolution(filters),
        { type: 'maxPooling2d' },
      ]),
      { type: 'flatten' },
      { type: 'dense', units: 128, activation: 'relu', kernelInitializer: 'heUniform' },
      { type: 'dropout', rate: 0.5 },
      { type: 'dense', units: classes, activation: 'softmax' },
    ],
  };
};

/** A small version of Howard et al. 2017: alternating depthwise and 1x1 convolutions. */
const mobilenetModel: Preset['model'] = (inputShape, classes) => ({
  inputShape,
  layers: [
    ...stem(16, 'relu6'),
    ...separableBlock({ filters: 32 }),
    ...separableBlock({ filters: 64, strides: 2 }),
    ...separableBlock({ filters: 64 }),
    ...separableBlock({ filters: 128, strides: 2 }),
    ...separableBlock({ filters: 128 }),
    ...classifier(classes),
  ],
});

/** Ten dense sigmoid layers, all but the first with a shortcut around them. */
const deepSigmoidWithShortcuts: Preset['model'] = (inputShape, classes) => ({
  inputShape,
  layers: [
    { type: 'flatten' },
    { type: 'dense', units, activation: 'sigmoid' },
    ...Array.from({ length: 9 }, (_, i): LayerConfig[] => {
      const input = ['dense', 'add'][Math.min(i, 1)]! + (i > 1 ? `_${i - 1}` : '');
      return [
        { type: 'dense', units, activation: 'sigmoid' },
        { type: 'add', inputs: [input, `dense_${i + 1}`] },
      ];
    }).flat(),
    { type: 'dense', units: classes, activation: 'softmax' },
  ],
});

const scaled = (type: 'glorotUniform' | 'heNormal', scale: number): InitializerConfig => ({ type, scale });

/** Models by name: the tutorial's network, and networks whose gradients behave in a known way. */
const presets = {
  tutorial: {
    about: 'two convolutions with pools, two dense layers: the Keras tutorial on MNIST',
    model: tutorialModel,
  },
  // A sigmoid's derivative is at most 1/4, so ten layers leave less than a millionth of the gradient (Hochreiter 1991; Glorot
  // and Bengio 2010).
  'deep-sigmoid': {
    about: 'ten dense sigmoid layers, Glorot: gradients vanish towards the input',
    model: denseNetwork(10, { activation: 'sigmoid' }),
  },
  // Glorot's variance preserves the scale of a linear layer's signal; weights eight times as large multiply it by eight per
  // layer.
  'exploding-linear': {
    about: 'ten dense linear layers with weights 8 times too large: gradients explode',
    model: denseNetwork(10, { activation: 'linear', kernelInitializer: scaled('glorotUniform', 8) }),
  },
  // The same with He's variance and ReLU.
  'exploding-relu': {
    about: "ten dense ReLU layers with weights twice He's scale: gradients explode",
    model: denseNetwork(10, { activation: 'relu', kernelInitializer: scaled('heNormal', 2) }),
  },
  // With biases of -10, images from 0 to 1 and Glorot's weights, no unit becomes positive; without a gradient, its bias never changes.
  'dead-relu': {
    about: 'a dense ReLU layer whose biases start at -10: no unit is ever positive',
    model: denseNetwork(1, { activation: 'relu', biasInitializer: { type: 'constant', value: -10 } }),
  },
  // (100 x) w = x (100 w): scaling the kernel is equivalent to scaling the inputs.
  'saturated-tanh': {
    about: 'a dense tanh layer fed with inputs times 100: flat almost everywhere',
    model: denseNetwork(1, { activation: 'tanh', kernelInitializer: scaled('glorotUniform', 100) }),
  },
  'five-relu': {
    about: 'five dense ReLU layers, He: deep, and healthy',
    model: denseNetwork(5, { activation: 'relu', kernelInitializer: 'heNormal' }),
  },
  // Ioffe and Szegedy 2015: normalization keeps the input of a sigmoid in its steep region.
  'deep-sigmoid-batchnorm': {
    about: 'deep-sigmoid with batch normalization before each sigmoid: a cure',
    model: normalizedNetwork({ type: 'batchNormalization' }, 'sigmoid'),
  },
  // He et al. 2015: a shortcut passes the gradient on unchanged, regardless of the layer it bypasses.
  'deep-sigmoid-shortcuts': {
    about: 'deep-sigmoid with a shortcut past each layer but the first: another cure',
    model: deepSigmoidWithShortcuts,
  },
  // Ba et al. 2016.
  'deep-tanh-layernorm': {
    about: 'ten dense tanh layers with layer normalization before each tanh',
    model: normalizedNetwork({ type: 'layerNormalization' }, 'tanh'),
  },
  resnet8: {
    about: 'a residual network of 8 layers with batch normalization, for CIFAR-10',
    model: residualNetwork(1),
  },
  resnet20: {
    about: 'a residual network of 20 layers with batch normalization, for CIFAR-10',
    model: residualNetwork(3),
  },
  plain20: {
    about: 'resnet20 without its shortcuts, to compare with',
    model: residualNetwork(3, false),
  },
  'vgg-small': {
    about: 'six convolutions in pairs, three pools, dropout',
    model: vggModel,
  },
  'mobilenet-small': {
    about: 'depthwise and 1x1 convolutions with batch normalization',
    model: mobilenetModel,
  },
} satisfies Record<string, Preset>;

/** The name of a preset model. */
export type PresetName = keyof typeof presets;

/** The names of the preset models. */
export const presetNames = Object.keys(presets) as PresetName[];

/** One-line description of a preset. */
export const aboutPreset = (name: PresetName): string => presets[name].about;

/**
 * A model by its name, for an image shape (height, width, channels) and a number of classes.
 *
 * @throws ConfigurationError for an unknown name.
 */
export function presetModel(name: PresetName, inputShape: Model['inputShape'], classes: number): Model {
  if (!Object.hasOwn(presets, name)) {
    throw new ConfigurationError({
      what: 'Unknown model',
      found: name,
      expected: presetNames.join(', '),
      ...(typeof name === 'string' && { fix: suggest(name, presetNames) }),
    });
  }
  return presets[name].model(inputShape, classes);
}
