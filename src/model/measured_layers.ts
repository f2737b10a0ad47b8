import { product } from '../product.ts';
import { type ActivationSpec, activationName } from './activations.ts';
import { followersOf } from './followers.ts';
import type { CompiledModel, ModelTensor } from './graph.ts';

/** A layer with tensors that are trained, and what of it is measured each step. Nothing else decides what is measured. */
export interface MeasuredLayer {
  /** Position in the model's list. */
  layer: number;
  /** The name of the layer. */
  name: string;
  /** The activation of its output: its own, or that of an activation layer directly after it. */
  activation: ActivationSpec;
  /** Channels or units. */
  units: number;
  /** The layer whose output is looked at: itself, or the last of the activation, sum or pool that follow at once. */
  values: number;
  /** Elements of a sample of its own output, before any pool: the gradient there is averaged over them. */
  outputElements: number;
  /** Its trained tensors, with their numbers among all trained tensors of the model. */
  tensors: { name: string; elements: number; index: number }[];
  /**
   * Position, among the measured layers, of the one that its gradient comes from by the shortest path: where branches part, the
   * first to be met on the way to the output. Undefined for the last.
   */
  next?: number;
}

type Graph = Pick<CompiledModel, 'layers' | 'consumers' | 'order' | 'tensors'>;

/**
 * The layers that are measured, in the order of computation, which is that of the model's list unless a layer there takes one
 * after it as an input: the last of them is the one nearest to the loss.
 */
export function measuredLayersOf(graph: Graph): MeasuredLayer[] {
  const measured = unconnected(graph);
  for (const layer of measured) {
    const next = nextMeasured(graph, layer.layer, measured);
    if (next >= 0) layer.next = next;
  }
  return measured;
}

/** The nearest measured layer after this one; of two that are equally near, the one on the consumer that comes first. */
function nextMeasured({ consumers }: Graph, from: number, measured: readonly MeasuredLayer[]): number {
  const met = [...consumers[from]!];
  const seen = new Set(met);
  // The list grows while it is gone through: breadth first.
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

/** A measured layer, with the numbers of its tensors among all that are trained. */
export interface LayerTensors {
  name: string;
  tensors: number[];
}

/** Which of the trained tensors belong to which layer, in the order of `measured`. */
export const tensorsByLayer = ({ measured }: Pick<CompiledModel, 'measured'>): LayerTensors[] =>
  measured.map(({ name, tensors }) => ({ name, tensors: tensors.map(({ index }) => index) }));
