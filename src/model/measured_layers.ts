import { type ActivationSpec, activationName } from './activations.ts';
import { followersOf } from './followers.ts';
import type { CompiledModel, ModelTensor } from './graph.ts';
import { product } from './layer.ts';

/** A layer with tensors that are trained, and what of it is measured each step. Nothing else decides what is measured. */
export interface MeasuredLayer {
  /** Position in the model's list. */
  layer: number;
  name: string;
  /** What makes its output: its own activation, or that of an activation layer that follows at once. */
  activation: ActivationSpec;
  /** Channels or units. */
  units: number;
  /** The layer whose output is looked at: itself, or the last of the activation, sum or pool that follow at once. */
  values: number;
  /** Elements of a sample of its own output, before any pool: the gradient there is averaged over them. */
  outputElements: number;
  /** Its trained tensors, with their numbers among all trained tensors of the model. */
  tensors: { name: string; elements: number; index: number }[];
}

type Graph = Pick<CompiledModel, 'layers' | 'consumers' | 'order' | 'tensors'>;

/** The layers that are measured, in the order of the model's list. */
export function measuredLayersOf(graph: Graph): MeasuredLayer[] {
  const { layers, tensors } = graph;
  return layers.flatMap((layer, index) => {
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

/** Which of the trained tensors belong to which layer, in the model's order. */
export const tensorsByLayer = ({ measured }: Pick<CompiledModel, 'measured'>): LayerTensors[] =>
  measured.map(({ name, tensors }) => ({ name, tensors: tensors.map(({ index }) => index) }));
