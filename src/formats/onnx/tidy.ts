import { definitionOf } from '../../model/layers/index.ts';
import { describeOptions } from '../../options.ts';
import type { NetworkBuilder, ReadLayer } from './network_builder.ts';

const optionsOf = ({ config }: ReadLayer) =>
  new Set(describeOptions(definitionOf(config.type).schema).map(({ name }) => name));

const isLinear = ({ config }: ReadLayer) => ((config as { activation?: string }).activation ?? 'linear') === 'linear';

/**
 * Merges remaining small operators into the layers where users expect them: the Add after a MatMul into the layer's bias, an
 * activation into the layer before it.
 *
 * @param output index of the last layer. @returns the index of the last layer after merging.
 */
export function tidied(builder: NetworkBuilder, output: number): number {
  const { layers } = builder;
  const needed = builder.neededFor(output);
  const consumers = new Map<number, number>();
  for (const index of needed) {
    for (const input of new Set(layers[index]!.inputs)) consumers.set(input, (consumers.get(input) ?? 0) + 1);
  }
  const moved = new Map<number, number>();
  const now = (layer: number): number => moved.get(layer) ?? layer;
  // Layers are in topological order, so the previous one has already been processed.
  for (const index of needed) {
    const layer = layers[index]!;
    layer.inputs = layer.inputs.map(now);
    const [before] = layer.inputs;
    if (layer.inputs.length !== 1 || before! < 0 || consumers.get(before!) !== 1) continue;
    const previous = layers[before!]!;
    const gone = builder.affine.has(index) ? foldAffine(previous, layer) : fuseActivation(previous, layer);
    if (!gone) continue;
    moved.set(index, before!);
    consumers.set(before!, consumers.get(index) ?? 0);
  }
  return now(output);
}

function fuseActivation(previous: ReadLayer, { config }: ReadLayer): boolean {
  const { type, activation, negativeSlope } = config as { type: string; activation?: string; negativeSlope?: number };
  if (definitionOf(type as ReadLayer['config']['type']).role !== 'activation' || negativeSlope !== undefined)
    return false;
  if (!optionsOf(previous).has('activation') || !isLinear(previous) || optionsOf(previous).has('negativeSlope'))
    return false;
  previous.config = { ...previous.config, activation } as ReadLayer['config'];
  return true;
}

/** Merges scale * x + shift into the weights of the linear layer before it. */
function foldAffine(previous: ReadLayer, { weights }: ReadLayer): boolean {
  const { gamma, beta } = weights as { gamma: Float32Array; beta: Float32Array };
  const options = optionsOf(previous);
  const trainable = (previous.config as { trainable?: boolean }).trainable ?? true;
  if (!isLinear(previous) || !trainable || previous.shape.at(-1) !== gamma.length) return false;
  const isOne = gamma.every((x) => x === 1);
  if (options.has('useBias') && isOne) {
    const { bias } = previous.weights;
    previous.weights.bias = beta.map((shift, i) => shift + (bias?.[i] ?? 0));
    previous.config = { ...previous.config, useBias: true } as ReadLayer['config'];
    return true;
  }
  const { scale, center } = previous.config as { scale?: boolean; center?: boolean };
  // Only merges into a normalization without scale and offset; a learned one is kept separate.
  if (!options.has('scale') || previous.weights.beta || (previous.weights.gamma && !isOne)) return false;
  if (scale === false && !isOne) {
    previous.weights.gamma = gamma;
    previous.config = { ...previous.config, scale: true } as ReadLayer['config'];
  }
  if (center === false && beta.some((x) => x !== 0)) {
    previous.weights.beta = beta;
    previous.config = { ...previous.config, center: true } as ReadLayer['config'];
  }
  return true;
}
