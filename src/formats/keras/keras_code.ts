import { packNpz } from '../npz.ts';
import {
  compileTrained,
  describeInput,
  type ModelFile,
  snakeCase,
  type TrainedModel,
  tensorName,
  textFile,
} from '../trained_model.ts';
import { type KerasLayer, kerasModel } from './keras_layers.ts';

/**
 * Exports a model as Keras code, `model.py`, and its weights, `weights.npz`: `from model import load; model = load()`. Requires
 * Keras 3 and NumPy.
 *
 * @throws ConfigurationError for a model with options that Keras doesn't have, or weights that don't belong to the model.
 */
export function formatKeras(trained: TrainedModel): ModelFile[] {
  const compiled = compileTrained(trained);
  const { input, layers, output, names } = kerasModel(compiled, 'keras');
  const variables = new Map([input, ...layers.map(({ name }) => name)].map((name, i) => [name, variableOf(name, i)]));
  const tensors: Record<string, string[]> = {};
  const arrays = compiled.tensors.map(({ layer, spec }, i) => {
    const own = names[layer]!;
    tensors[own] = [...(tensors[own] ?? []), snakeCase(spec.name)];
    return { name: tensorName(own, spec.name), shape: spec.shape, data: trained.weights[i]! };
  });
  const lines = layers.map((layer) => `    ${variables.get(layer.name)} = ${callOf(layer, variables)}\n`);
  const [height, width, channels] = compiled.inputShape;
  const code = `"""A network that wgrad has trained, in Keras 3.

    from model import load
    model = load()
    probabilities = model.predict(images)  # [batch, classes]

Images are float32 [batch, ${height}, ${width}, ${channels}]: ${describeInput(trained)}.
Weights are read from weights.npz next to this file.
"""

import pathlib

import keras
import numpy
from keras import initializers, layers, regularizers
${trained.classNames ? `\nCLASS_NAMES = ${JSON.stringify(trained.classNames)}\n` : ''}
# The tensors of each layer, in Keras' order.
TENSORS = ${JSON.stringify(tensors, null, 4)}


def build():
    """The network with new weights."""
    ${variables.get(input)} = keras.Input(shape=(${compiled.inputShape.join(', ')}), name=${JSON.stringify(input)})
${lines.join('')}    return keras.Model(${variables.get(input)}, ${variables.get(output)})


def load(path=pathlib.Path(__file__).with_name("weights.npz")):
    """The network with its weights."""
    model = build()
    with numpy.load(path) as weights:
        for name, tensors in TENSORS.items():
            model.get_layer(name).set_weights([weights[f"{name}.{tensor}"] for tensor in tensors])
    return model
`;
  return [textFile('model.py', code), { name: 'weights.npz', bytes: packNpz(arrays) }];
}

/** Names that variables in the code must not use: Python's keywords, and the imported modules. */
const words = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import in is lambda ' +
    'nonlocal not or pass raise return try while with yield keras layers initializers regularizers'
  ).split(' '),
);

const variableOf = (name: string, index: number): string =>
  /^[a-z][a-z0-9_]*$/.test(name) && !words.has(name) && !/^x\d+$/.test(name) ? name : `x${index}`;

function callOf({ className, config, inputs }: KerasLayer, variables: ReadonlyMap<string, string>): string {
  const options = Object.entries(config).filter(
    ([key, value]) => value !== undefined && !(key === 'trainable' && value),
  );
  const given = options.map(([key, value]) => `${key}=${literal(value)}`).join(', ');
  const from = inputs.map((name) => variables.get(name)!);
  return `layers.${className}(${given})(${from.length > 1 ? `[${from.join(', ')}]` : from[0]})`;
}

/** Formats a value as a Python literal. */
function literal(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `(${value.map(literal).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const { class_name: name, config } = value as { class_name: string; config: Record<string, unknown> };
  const options = Object.entries(config).filter(([, option]) => option !== null);
  const given = options.map(([key, option]) => `${key}=${literal(option)}`).join(', ');
  return `${name === 'L1L2' ? 'regularizers' : 'initializers'}.${name}(${given})`;
}
