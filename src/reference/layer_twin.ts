import type { CompiledNode } from '../model/graph.ts';
import type { LayerType } from '../model/layers/index.ts';

export type Numbers = ArrayLike<number>;

/** The arguments of a layer's twin. */
export interface TwinInput {
  batch: number;
  /** Number of real samples in the batch; the ones after them are empty slots of a short batch. */
  count: number;
  /** Training uses the batch's statistics and samples masks; inference does neither. */
  mode: 'train' | 'infer';
  /** Key of the random numbers: words of a step's state. */
  state: Readonly<Record<string, number>>;
  /** The layer's index in the model. */
  index: number;
  /** The layer's inputs, [batch, ...shape] each. */
  inputs: Float64Array[];
  /** The layer's tensors, by name. */
  tensors: Readonly<Record<string, Numbers>>;
}

/** A layer's result before its activation, and the values that its backward pass needs. */
export interface TwinOutput {
  z: Float64Array;
  /** Other values that the backward pass needs. */
  kept?: unknown;
}

/** One type of layer in float64, in plain loops. */
export interface LayerTwin<T extends LayerType> {
  forward(layer: CompiledNode<T>, given: TwinInput): TwinOutput;
  /** @param dz the gradient of the loss with respect to z. */
  backward(
    layer: CompiledNode<T>,
    given: TwinInput & { kept?: unknown },
    dz: Float64Array,
  ): { dx: Float64Array[]; tensors?: Record<string, Float64Array> };
}
