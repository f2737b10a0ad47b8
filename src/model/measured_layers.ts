import type { ActivationName } from './activations.ts';
import type { CompiledLayer, CompiledModel, ModelTensor } from './graph.ts';
import { product } from './layer.ts';

/** A layer with tensors that are trained, and what of it is measured each step. Nothing else decides what is measured. */
export interface MeasuredLayer {
  /** Position in the model's list. */
  layer: number;
  name: string;
  /** What makes its output: its own activation. A softmax belongs to the loss, whose layer gives logits. */
  activation: Exclude<ActivationName, 'softmax'>;
  /** Channels or units. */
  units: number;
  /** The layer whose output is looked at: itself, or the pool that follows at once. */
  values: number;
  /** Elements of a sample of its own output, before any pool: the gradient there is averaged over them. */
  outputElements: number;
  /** Its trained tensors, with their numbers among all trained tensors of the model. */
  tensors: { name: string; elements: number; index: number }[];
}

/** The layers that are measured, in the order of the model's list. */
export function measuredLayersOf({
  layers,
  consumers,
  tensors,
}: Pick<CompiledModel, 'layers' | 'consumers' | 'tensors'>): MeasuredLayer[] {
  return layers.flatMap((layer, index) => {
    const own = tensors.filter((tensor: ModelTensor) => tensor.layer === index && tensor.spec.trainable);
    if (own.length === 0) return [];
    return {
      layer: index,
      name: layer.name,
      activation: layer.activation,
      units: layer.outputShape.at(-1)!,
      values: poolAfter(layers, consumers, index) ?? index,
      outputElements: product(layer.outputShape),
      tensors: own.map(({ spec, index }) => ({ name: spec.name, elements: product(spec.shape), index })),
    };
  });
}

/** The pool that alone takes a layer's output, and hands on the largest of it. */
function poolAfter(
  layers: readonly CompiledLayer[],
  consumers: readonly number[][],
  index: number,
): number | undefined {
  const [next, ...others] = consumers[index]!;
  return next !== undefined && others.length === 0 && layers[next]!.type === 'maxPooling2d' ? next : undefined;
}

/** A measured layer, with the numbers of its tensors among all that are trained. */
export interface LayerTensors {
  name: string;
  tensors: number[];
}

/** Which of the trained tensors belong to which layer, in the model's order. */
export const tensorsByLayer = ({ measured }: Pick<CompiledModel, 'measured'>): LayerTensors[] =>
  measured.map(({ name, tensors }) => ({ name, tensors: tensors.map(({ index }) => index) }));
