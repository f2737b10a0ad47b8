import type { Traits } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { type Activation, isFused } from '../kernels/activation.ts';
import type { CompiledLayer, CompiledNode } from '../model/graph.ts';
import type { LayerType } from '../model/layers/index.ts';
import { product } from '../product.ts';
import type { GradientBook, GradientTarget } from './gradient_book.ts';
import type { Fused } from './layers/fusion.ts';
import type { BufferKind, BufferRef, PlannedDispatch, Planner } from './planner.ts';

/**
 * A training step (`train`) uses the batch's own statistics and random masks; inference (`infer`) uses neither. `sample`
 * follows a single sample through the network: computed as in inference, layer by layer without fusion, with gradients.
 */
export type Mode = 'train' | 'infer' | 'sample';

/** The output of a layer: a tensor, the activation that produced it, and whether its gradient is needed. */
export interface Value {
  ref: BufferRef;
  /** Name of the layer that outputs it, used to label its buffers. */
  name: string;
  /** Elements per sample. */
  elements: number;
  activation: Activation;
  /** True if a trainable layer is at or before it. */
  hasGradient: boolean;
}

/** A tensor of the current layer, and the buffer for its gradient; `dw` is undefined if it is not trained. */
export interface Tensor {
  w: BufferRef;
  dw?: BufferRef;
}

/** The moving statistics of a normalization, and the batch statistics that they follow: mean and variance of each in one buffer. */
export interface Statistics {
  moving: BufferRef;
  batch?: BufferRef;
}

/** A dense layer's input and the gradient before its activation, from which per-sample gradients are computed. */
export interface DenseFlow {
  layer: string;
  /** [batch, inputs] and [batch, outputs]. */
  x: BufferRef;
  dy: BufferRef;
  inputs: number;
  outputs: number;
  useBias: boolean;
}

/** A lowered layer. */
export interface Lowered {
  /** Its output, after the layers that are fused into it. */
  value: Value;
  /**
   * Plans its gradients. Called after all layers that follow, and only if its gradient is needed.
   *
   * @param dy gradient of its output, before its own activation.
   */
  backward?: (dy: BufferRef) => void;
}

/** Plans one type of layer for one batch size. */
export type Lowering<T extends LayerType> = (layer: CompiledNode<T>, context: LoweringContext) => Lowered;

/** State that all layers of a network share during lowering. */
export interface Draft {
  planner: Planner;
  batch: number;
  mode: Mode;
  /** The state of the step: the number of real samples in the batch, and the key of its random numbers. */
  state: BufferRef;
  forward: PlannedDispatch[];
  backward: PlannedDispatch[];
  dense: DenseFlow[];
  gradients: GradientBook;
}

/** The layer that is being lowered, and its context. */
export interface LayerParts {
  layer: CompiledLayer;
  /** Its index in the model's list of layers. */
  index: number;
  inputs: readonly Value[];
  tensors: Readonly<Record<string, Tensor>>;
  statistics?: Statistics;
  fused: Fused;
  /** The value added after a normalization, if a shortcut is fused into it. */
  residual?: Value;
  /** The tensors of a normalization that is folded into the layer. */
  norm?: {
    layer: CompiledNode<'batchNormalization'>;
    tensors: Readonly<Record<string, Tensor>>;
    statistics: Statistics;
  };
}

/** The context of a lowering: the layer's inputs and tensors, buffers, and the forward and backward lists of dispatches. */
export class LoweringContext {
  readonly #draft: Draft;
  readonly #parts: LayerParts;

  constructor(draft: Draft, parts: LayerParts) {
    this.#draft = draft;
    this.#parts = parts;
  }

  get inputs(): readonly Value[] {
    return this.#parts.inputs;
  }

  /** The input of a layer with a single input. */
  get x(): Value {
    return this.#parts.inputs[0]!;
  }

  get index(): number {
    return this.#parts.index;
  }

  get fused(): Fused {
    return this.#parts.fused;
  }

  get residual(): Value | undefined {
    return this.#parts.residual;
  }

  get norm(): LayerParts['norm'] {
    return this.#parts.norm;
  }

  get statistics(): Statistics | undefined {
    return this.#parts.statistics;
  }

  get batch(): number {
    return this.#draft.batch;
  }

  get mode(): Mode {
    return this.#draft.mode;
  }

  get state(): BufferRef {
    return this.#draft.state;
  }

  get traits(): Traits {
    return this.#draft.planner.traits;
  }

  /** The activation fused into the layer's kernel: its own, or that of a following activation layer. */
  get activation(): Activation {
    const { layer, fused } = this.#parts;
    if (fused.activation) return fused.activation;
    return isFused(layer.activation) ? layer.activation : 'linear';
  }

  /** A tensor of the layer, by its name in the model. */
  tensor(name: string): Tensor | undefined {
    return this.#parts.tensors[name];
  }

  /** The layer's output: a buffer for a batch of this shape. */
  value(shape: readonly number[], activation: Activation = this.activation): Value {
    const { name } = this.#parts.layer;
    const elements = product(shape);
    const ref = this.#buffer('value', 'y', elements * this.batch);
    return { ref, name, elements, activation, hasGradient: this.#hasGradient() };
  }

  #hasGradient(): boolean {
    const { tensors, inputs, residual } = this.#parts;
    const trained = Object.values(tensors).some(({ dw }) => dw !== undefined);
    return trained || inputs.some(({ hasGradient }) => hasGradient) || residual?.hasGradient === true;
  }

  /** A buffer that the forward pass fills for the backward pass. */
  kept(name: string, elements: number): BufferRef {
    return this.#buffer('value', name, elements);
  }

  /** A temporary buffer, read soon after it is written. */
  scratch(name: string, elements: number): BufferRef {
    return this.#buffer('scratch', name, elements);
  }

  #buffer(kind: BufferKind, name: string, elements: number): BufferRef {
    return this.#draft.planner.buffer(kind, `${this.#parts.layer.name}.${name}`, elements);
  }

  forward<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, BufferRef>): void {
    this.#draft.forward.push(this.#draft.planner.dispatch(kernel, shape, buffers, this.#parts.layer.name));
  }

  /** @param later see `Planner.dispatch`. */
  backward<S>(
    kernel: Kernel<S>,
    shape: S,
    buffers: Record<string, BufferRef>,
    later?: Record<string, BufferRef>,
  ): void {
    const { planner, backward } = this.#draft;
    backward.push(planner.dispatch(kernel, shape, buffers, this.#parts.layer.name, later));
  }

  /**
   * The gradient buffer of input `i`, for a kernel that can multiply in the derivative of its input's activation. Undefined if
   * the gradient is not needed; otherwise the caller must write it.
   */
  gradient(i = 0): GradientTarget | undefined {
    return this.#draft.gradients.target(this.inputs[i]!);
  }

  /** The gradient buffer for a kernel that can't do so: the derivative, if any, is multiplied in afterwards. */
  rawGradient(i = 0): BufferRef | undefined {
    return this.#draft.gradients.raw(this.inputs[i]!);
  }

  /** Like `rawGradient`, for a value that isn't an input of the layer in the model. */
  rawGradientOf(value: Value): BufferRef | undefined {
    return this.#draft.gradients.raw(value);
  }

  /**
   * The output of a layer that passes on its input or a selection of it. Its values come from the preceding activation, whose
   * derivative is already part of its gradient. In `sample` mode the layer gets the gradient of its own output instead, without
   * the derivative.
   */
  selection(shape: readonly number[]): Value {
    return this.value(shape, this.mode === 'sample' ? 'linear' : this.x.activation);
  }

  /** The buffer to which such a layer writes the gradient of its input. */
  gradientOfSelection(i = 0): BufferRef | undefined {
    return this.mode === 'sample' ? this.rawGradient(i) : this.#draft.gradients.finished(this.inputs[i]!);
  }

  /** Uses a buffer that is already written as the gradient of an input. */
  passGradient(value: Value, dy: BufferRef): void {
    this.#draft.gradients.pass(value, dy);
  }

  /** For probes; see `DenseFlow`. */
  noteDense(flow: Omit<DenseFlow, 'layer'>): void {
    this.#draft.dense.unshift({ layer: this.#parts.layer.name, ...flow });
  }
}
