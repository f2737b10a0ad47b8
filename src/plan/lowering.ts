import type { Traits } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import type { Activation } from '../kernels/activation.ts';
import type { CompiledLayer, CompiledNode } from '../model/graph.ts';
import { product } from '../model/layer.ts';
import type { LayerType } from '../model/layers/index.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';

/** A training step computes with the batch's own statistics and draws masks; inference does neither. */
export type Mode = 'train' | 'infer';

/** What flows between layers: a tensor, the activation that made it, and whether somebody wants its gradient. */
export interface Value {
  ref: BufferRef;
  /** The layer that hands it on, which labels its buffers. */
  name: string;
  /** Of a sample. */
  elements: number;
  activation: Activation;
  /** A layer that is trained lies at or before it. */
  hasGradient: boolean;
}

/** A tensor of the layer at hand, and where its gradient goes; undefined for one that is not trained. */
export interface Tensor {
  w: BufferRef;
  dw?: BufferRef;
}

/** Layers that are computed in the same dispatch as the one before them. */
export interface Fused {
  pool?: CompiledNode<'maxPooling2d'>;
}

/** Where a backward kernel writes an input's gradient. */
export interface GradientTarget {
  dx: BufferRef;
  /** Its derivative is to be folded into dx, from the input's own value; `linear` where that is done elsewhere. */
  activation: Activation;
}

/** A dense layer's input, and the gradient before its activation: what single samples' gradients are made of. */
export interface DenseFlow {
  layer: string;
  /** [batch, inputs] and [batch, outputs]. */
  x: BufferRef;
  dy: BufferRef;
  inputs: number;
  outputs: number;
  useBias: boolean;
}

/** What lowering a layer gives. */
export interface Lowered {
  /** What it hands on, the layers that are fused into it included. */
  value: Value;
  /**
   * Plans its gradients. It is called after all layers that follow, and only where somebody wants its gradient.
   *
   * @param dy the gradient of what it hands on, before its own activation.
   */
  backward?: (dy: BufferRef) => void;
}

/** Plans one type of layer for one batch size. */
export type Lowering<T extends LayerType> = (layer: CompiledNode<T>, context: LoweringContext) => Lowered;

/** What all layers of a network share while they are lowered. */
export interface Draft {
  planner: Planner;
  batch: number;
  mode: Mode;
  forward: PlannedDispatch[];
  backward: PlannedDispatch[];
  dense: DenseFlow[];
  gradients: GradientBook;
}

/** What a lowering has to work with: the layer's inputs and tensors, buffers, and the two lists of dispatches. */
export class LoweringContext {
  readonly inputs: readonly Value[];
  readonly fused: Fused;
  readonly #draft: Draft;
  readonly #layer: CompiledLayer;
  readonly #tensors: Readonly<Record<string, Tensor>>;

  constructor(
    draft: Draft,
    layer: CompiledLayer,
    inputs: readonly Value[],
    tensors: Readonly<Record<string, Tensor>>,
    fused: Fused,
  ) {
    this.#draft = draft;
    this.#layer = layer;
    this.#tensors = tensors;
    this.inputs = inputs;
    this.fused = fused;
  }

  get batch(): number {
    return this.#draft.batch;
  }

  get mode(): Mode {
    return this.#draft.mode;
  }

  get traits(): Traits {
    return this.#draft.planner.traits;
  }

  /** A tensor of the layer by its name in the model. */
  tensor(name: string): Tensor | undefined {
    return this.#tensors[name];
  }

  /** What the layer hands on: a buffer for a batch of this shape. */
  value(shape: readonly number[], activation: Activation, name = this.#layer.name): Value {
    const elements = product(shape);
    const ref = this.#draft.planner.buffer('value', `${name}.y`, this.batch * elements);
    return { ref, name, elements, activation, hasGradient: this.#hasGradient() };
  }

  #hasGradient(): boolean {
    const trained = Object.values(this.#tensors).some(({ dw }) => dw !== undefined);
    return trained || this.inputs.some(({ hasGradient }) => hasGradient);
  }

  /** A buffer that the forward pass fills for the backward pass. */
  kept(name: string, elements: number): BufferRef {
    return this.#draft.planner.buffer('value', `${this.#layer.name}.${name}`, elements);
  }

  /** A buffer that is read soon after it is written, and by nobody later. */
  scratch(name: string, elements: number): BufferRef {
    return this.#draft.planner.buffer('scratch', `${this.#layer.name}.${name}`, elements);
  }

  forward<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, BufferRef>): void {
    this.#draft.forward.push(this.#draft.planner.dispatch(kernel, shape, buffers, this.#layer.name));
  }

  backward<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, BufferRef>): void {
    this.#draft.backward.push(this.#draft.planner.dispatch(kernel, shape, buffers, this.#layer.name));
  }

  /** Where the gradient of input `i` goes; undefined where nobody wants it. Whoever asks has to write it. */
  gradient(i: number): GradientTarget | undefined {
    return this.#draft.gradients.target(this.inputs[i]!);
  }

  /**
   * The gradient of input `i` of a layer that hands on what it gets, or a selection of it: the derivative of the
   * activation that made the input is in dy already.
   */
  gradientOfSelection(i: number): BufferRef | undefined {
    return this.#draft.gradients.finished(this.inputs[i]!);
  }

  /** For probes: see `DenseFlow`. */
  noteDense(flow: Omit<DenseFlow, 'layer'>): void {
    this.#draft.dense.unshift({ layer: this.#layer.name, ...flow });
  }
}

/** One layer's part in the gradient of a value. */
interface Contribution {
  ref: BufferRef;
  /** The derivative of the activation that made the value is still to be multiplied in. */
  pending: boolean;
}

/** Adds contributions up to the gradient of a value. */
export type Sum = (value: Value, contributions: readonly Contribution[], dy: BufferRef) => void;

/**
 * Who contributes to which gradient. A value that one layer takes has its gradient written by that layer; where several
 * take it, each writes its part and they are added in the order in which the backward pass wrote them.
 */
export class GradientBook {
  readonly #planner: Planner;
  readonly #batch: number;
  readonly #sum: Sum;
  readonly #consumers = new Map<Value, number>();
  readonly #contributions = new Map<Value, Contribution[]>();

  constructor(planner: Planner, batch: number, sum: Sum) {
    this.#planner = planner;
    this.#batch = batch;
    this.#sum = sum;
  }

  /** A layer takes this value as an input. */
  addConsumer(value: Value): void {
    this.#consumers.set(value, (this.#consumers.get(value) ?? 0) + 1);
  }

  /** @returns where to write, and the derivative to fold in: none where other contributions have to be added first. */
  target(value: Value): GradientTarget | undefined {
    if (!value.hasGradient) return undefined;
    const alone = (this.#consumers.get(value) ?? 0) <= 1;
    const pending = !alone && value.activation !== 'linear';
    return { dx: this.#contribute(value, pending), activation: alone ? value.activation : 'linear' };
  }

  /** @returns where to write a gradient that has the derivative in it. */
  finished(value: Value): BufferRef | undefined {
    return value.hasGradient ? this.#contribute(value, false) : undefined;
  }

  /** What is already written counts as a contribution: its buffer is read in place. */
  pass(value: Value, ref: BufferRef, pending = value.activation !== 'linear'): void {
    if (value.hasGradient) this.#list(value).push({ ref, pending });
  }

  /** The gradient of a value, all contributions added; undefined where there is none. */
  total(value: Value): BufferRef | undefined {
    const contributions = this.#list(value);
    const [first] = contributions;
    if (!first || (contributions.length === 1 && !first.pending)) return first?.ref;
    const dy = this.#planner.buffer('gradient', `${value.name}.dy`, this.#batch * value.elements);
    this.#sum(value, contributions, dy);
    return dy;
  }

  #contribute(value: Value, pending: boolean): BufferRef {
    const list = this.#list(value);
    const alone = (this.#consumers.get(value) ?? 0) <= 1;
    const label = `${value.name}.dy${alone ? '' : `_${list.length}`}`;
    const ref = this.#planner.buffer('gradient', label, this.#batch * value.elements);
    list.push({ ref, pending });
    return ref;
  }

  #list(value: Value): Contribution[] {
    let list = this.#contributions.get(value);
    if (!list) {
      list = [];
      this.#contributions.set(value, list);
    }
    return list;
  }
}
