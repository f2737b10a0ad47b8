import { product } from '../product.ts';
import { type ActivationSpec, activationName } from './activations.ts';
import { followersOf } from './followers.ts';
import type { CompiledModel, ModelTensor } from './graph.ts';

/** A layer with trainable tensors, and the quantities that each step measures for it. Nothing else defines what is measured. */
export interface MeasuredLayer {
  /** Index in the model's list. */
  layer: number;
  /** The name of the layer. */
  name: string;
  /** The activation of its output: that of the layer itself, or of an activation layer directly after it. */
  activation: ActivationSpec;
  /** Number of channels or units. */
  units: number;
  /**
   * Index of the layer whose output is measured: the layer itself, or the last of the activation, add or pool that directly
   * follow it.
   */
  values: number;
  /** Elements per sample of the layer's output, before any pool; the gradient is averaged over them. */
  outputElements: number;
  /** Its trainable tensors, with their indices among all trainable tensors of the model. */
  tensors: { name: string; elements: number; index: number }[];
  /**
   * Index, among the measured layers, of the next layer on the shortest path to the output, from which its gradient comes. At a branch, the
   * first one in breadth-first order. Undefined for the last layer.
   */
  next?: number;
}

type Graph = Pick<CompiledModel, 'layers' | 'consumers' | 'order' | 'tensors'>;

/**
 * The measured layers in execution order, which is the model's list order unless a layer uses a later one as an input. The last
 * is the one nearest to the loss.
 */
export function measuredLayersOf(graph: Graph): MeasuredLayer[] {
  const measured = unconnected(graph);
  for (const layer of measured) {
    const next = nextMeasured(graph, layer.layer, measured);
    if (next >= 0) layer.next = next;
  }
  return measured;
}

/** The nearest measured layer after this one; of two equally near ones, the one reached through the first consumer. */
function nextMeasured({ consumers }: Graph, from: number, measured: readonly MeasuredLayer[]): number {
  const met = [...consumers[from]!];
  const seen = new Set(met);
  // Breadth-first search: the list grows during the loop.
  for (const index of met) {
    const found = measured.findIndex(({ layer }) => layer === index);
    if (found >= 0) return found;
    for (const consumer of consumers[index]!) {
      if (seen.has(consumer)) continue;
      seen.add(consumer);
      met.push(consumer);
    }
  }
  return -1;
}

function unconnected(graph: Graph): MeasuredLayer[] {
  const { layers, order, tensors } = graph;
  return order.flatMap((index) => {
    const layer = layers[index]!;
    const own = tensors.filter((tensor: ModelTensor) => tensor.layer === index && tensor.spec.trainable);
    if (own.length === 0) return [];
    const run = [index, ...followersOf(graph, index)];
    const activated = run.find((i) => activationName(layers[i]!.activation) !== 'linear');
    return {
      layer: index,
      name: layer.name,
      activation: activated === undefined ? 'linear' : layers[activated]!.activation,
      units: layer.outputShape.at(-1)!,
      values: run.at(-1)!,
      outputElements: product(layer.outputShape),
      tensors: own.map(({ spec, index }) => ({ name: spec.name, elements: product(spec.shape), index })),
    };
  });
}

/** A measured layer, with the indices of its tensors among all trainable tensors. */
export interface LayerTensors {
  name: string;
  tensors: number[];
}

/** The trainable tensors of each layer, in the order of `measured`. */
export const tensorsByLayer = ({ measured }: Pick<CompiledModel, 'measured'>): LayerTensors[] =>
  measured.map(({ name, tensors }) => ({ name, tensors: tensors.map(({ index }) => index) }));
