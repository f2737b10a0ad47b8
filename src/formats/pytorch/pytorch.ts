import type { CompiledModel } from '../../model/graph.ts';
import { definitionOf } from '../../model/layers/index.ts';
import { packSafetensors } from '../safetensors.ts';
import {
  compileTrained,
  describeInput,
  type ModelFile,
  type NamedTensor,
  type TrainedModel,
  textFile,
} from '../trained_model.ts';
import { type Written, writeActivation, writers } from './layers.ts';

/**
 * Exports a model as PyTorch code, `model.py`, and its weights, `weights.safetensors`, in PyTorch's layout with the names of the
 * state_dict. `from model import load; network = load()`: the module takes images [batch, channels, height, width] and returns
 * probabilities. It requires only PyTorch 1.9 or later.
 *
 * @throws ConfigurationError for a model that is invalid, or weights that don't belong to it.
 */
export function formatPytorch(trained: TrainedModel): ModelFile[] {
  const model = compileTrained(trained);
  const { modules, lines, tensors, output } = write(model, trained.weights);
  const [height, width, channels] = model.inputShape;
  const names = trained.classNames ? `\nCLASS_NAMES = ${JSON.stringify(trained.classNames)}\n` : '';
  const code = `"""A network that wgrad has trained, in PyTorch 1.9 or later.

    from model import load
    network = load()
    probabilities = network(images)  # [batch, classes]

Images are float32 [batch, ${channels}, ${height}, ${width}]: ${describeInput(trained)}.
Weights are read from weights.safetensors next to this file.
"""

import json
import pathlib
import struct

import torch
import torch.nn.functional as F
from torch import nn
${names}

class Network(nn.Module):
    def __init__(self):
        super().__init__()
${modules.map(([name, call]) => `        self.${name} = ${call}\n`).join('')}
    def logits(self, images):
${lines.map((line) => `        ${line}\n`).join('')}        return ${output}

    def forward(self, images):
        return ${model.lossActivation === 'softmax' ? 'F.softmax(self.logits(images), dim=1)' : 'self.logits(images)'}


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


def load(path=pathlib.Path(__file__).with_name("weights.safetensors")):
    """The network with its weights, ready to predict; call network.train() to train it further."""
    network = Network()
    network.load_state_dict(read_safetensors(path))
    return network.eval()
`;
  return [
    textFile('model.py', code),
    { name: 'weights.safetensors', bytes: packSafetensors(tensors, { format: 'pt' }) },
  ];
}

function write(model: CompiledModel, weights: readonly Float32Array[]) {
  const modules: [string, string][] = [];
  const lines: string[] = [];
  const tensors: NamedTensor[] = [];
  const own = model.layers.map((): Record<string, Float32Array> => ({}));
  model.tensors.forEach(({ layer, spec }, t) => {
    own[layer]![spec.name] = weights[t]!;
  });
  const names = identifiers(model);
  for (const index of model.order) {
    const layer = model.layers[index]!;
    const inputs = layer.inputs.map((i) => (i < 0 ? 'images' : names[i]!));
    const module: Written<typeof layer.type>['module'] = (call, own, suffix = '') => {
      const name = `${names[index]}${suffix}`;
      modules.push([name, call]);
      for (const [tensor, value] of Object.entries(own)) tensors.push({ name: `${name}.${tensor}`, ...value });
      return `self.${name}`;
    };
    const writer = writers[layer.type] as (written: Written<typeof layer.type>) => string;
    const z = writer({ layer, inputs, tensors: own[index]!, module } as never);
    lines.push(`${names[index]} = ${writeActivation(layer.activation, z)}`);
  }
  return { modules, lines, tensors, output: names[model.output]! };
}

/**
 * Converts layer names to identifiers. Keras' default names can't collide with a module's attributes; custom names get a prefix.
 */
function identifiers({ layers }: CompiledModel): string[] {
  const taken = new Set<string>();
  return layers.map(({ name, type }) => {
    const isDefault = new RegExp(`^${definitionOf(type).kerasName}(_\\d+)?$`).test(name);
    const clean = isDefault ? name : `layer_${name.replace(/\W+/g, '_')}`;
    let free = clean;
    for (let i = 1; taken.has(free); i++) free = `${clean}_${i}`;
    taken.add(free);
    return free;
  });
}
