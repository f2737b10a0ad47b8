import { ConfigurationError, suggest } from '../errors.ts';
import type { Model } from './graph.ts';
import type { LayerConfigOf } from './layers/index.ts';
import { tutorialModel } from './tutorial.ts';
import type { InitializerConfig } from './weight_options.ts';

type Dense = LayerConfigOf<'dense'>;

interface Preset {
  /** One line for a list. */
  about: string;
  model: (inputShape: Model['inputShape'], classes: number) => Model;
}

const units = 64;

/** Dense layers alike on flat images, and a softmax behind them. */
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

const scaled = (type: 'glorotUniform' | 'heNormal', scale: number): InitializerConfig => ({ type, scale });

/** Models by name: the tutorial's, and networks whose gradients do what is known of them. */
const presets = {
  tutorial: {
    about: 'two convolutions with pools, two dense layers: the Keras tutorial on MNIST',
    model: tutorialModel,
  },
  // A sigmoid's derivative is 1/4 at most: ten layers leave less than a millionth (Hochreiter 1991; Glorot and Bengio 2010).
  'deep-sigmoid': {
    about: 'ten dense sigmoid layers, Glorot: gradients vanish towards the input',
    model: denseNetwork(10, { activation: 'sigmoid' }),
  },
  // Glorot's variance keeps a linear layer's signal as large as it was; eight times the weights make it eight times larger.
  'exploding-linear': {
    about: 'ten dense linear layers with weights 8 times too large: gradients explode',
    model: denseNetwork(10, { activation: 'linear', kernelInitializer: scaled('glorotUniform', 8) }),
  },
  // The same of He's variance and ReLU.
  'exploding-relu': {
    about: "ten dense ReLU layers with weights twice He's scale: gradients explode",
    model: denseNetwork(10, { activation: 'relu', kernelInitializer: scaled('heNormal', 2) }),
  },
  // Images from 0 to 1 and Glorot's weights never bring a unit to 10; without a gradient its bias stays where it is.
  'dead-relu': {
    about: 'a dense ReLU layer whose biases start at -10: no unit is ever positive',
    model: denseNetwork(1, { activation: 'relu', biasInitializer: { type: 'constant', value: -10 } }),
  },
  // (100 x) w = x (100 w): inputs times 100, said with the kernel.
  'saturated-tanh': {
    about: 'a dense tanh layer fed with inputs times 100: flat almost everywhere',
    model: denseNetwork(1, { activation: 'tanh', kernelInitializer: scaled('glorotUniform', 100) }),
  },
  'five-relu': {
    about: 'five dense ReLU layers, He: deep, and healthy',
    model: denseNetwork(5, { activation: 'relu', kernelInitializer: 'heNormal' }),
  },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as PresetName[];

/** What a preset is, in one line. */
export const aboutPreset = (name: PresetName): string => presets[name].about;

/**
 * A model by its name, for images of this shape (height, width, channels) and that many classes.
 *
 * @throws ConfigurationError for a name that isn't known.
 */
export function presetModel(name: PresetName, inputShape: Model['inputShape'], classes: number): Model {
  if (!Object.hasOwn(presets, name)) {
    throw new ConfigurationError({
      what: 'No such model',
      found: name,
      wanted: presetNames.join(', '),
      ...(typeof name === 'string' && { fix: suggest(name, presetNames) }),
    });
  }
  return presets[name].model(inputShape, classes);
}
