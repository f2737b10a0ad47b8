import type { Activation } from '../kernels/activation.ts';
import { furtherLayers } from './layers/loaded.ts';
import type { Value } from './lowering.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';

/** The buffer to which a backward kernel writes an input's gradient. */
export interface GradientTarget {
  dx: BufferRef;
  /** The activation whose derivative the kernel must multiply into dx; `linear` if that is done elsewhere. */
  activation: Activation;
}

/** One layer's contribution to the gradient of a value. */
export interface Contribution {
  ref: BufferRef;
  /** True if it must still be multiplied by the derivative of the activation that produced the value. */
  pending: boolean;
}

/**
 * Tracks which layers contribute to which gradient. If a value has one consumer, that layer writes its gradient. If it has
 * several, each writes a part, and a kernel adds the parts in the order in which the backward pass wrote them. That kernel also
 * multiplies in the activation's derivative wherever a part lacks it.
 */
export class GradientBook {
  readonly #planner: Planner;
  readonly #batch: number;
  readonly #backward: PlannedDispatch[];
  readonly #consumers = new Map<Value, number>();
  readonly #contributions = new Map<Value, Contribution[]>();

  /** @param backward the list of dispatches that the sums are appended to. */
  constructor(planner: Planner, batch: number, backward: PlannedDispatch[]) {
    this.#planner = planner;
    this.#batch = batch;
    this.#backward = backward;
  }

  /** Records that a layer reads this value. */
  addConsumer(value: Value): void {
    this.#consumers.set(value, (this.#consumers.get(value) ?? 0) + 1);
  }

  /**
   * @returns the buffer to write to and the derivative to multiply in; the derivative is omitted if other parts must be added
   * first.
   */
  target(value: Value): GradientTarget | undefined {
    if (!value.hasGradient) return undefined;
    const alone = this.#isAlone(value);
    const pending = !alone && value.activation !== 'linear';
    return { dx: this.#contribute(value, pending), activation: alone ? value.activation : 'linear' };
  }

  /** @returns the buffer for a gradient without the derivative. */
  raw(value: Value): BufferRef | undefined {
    return value.hasGradient ? this.#contribute(value, value.activation !== 'linear') : undefined;
  }

  /** @returns the buffer for a gradient that already includes the derivative. */
  finished(value: Value): BufferRef | undefined {
    return value.hasGradient ? this.#contribute(value, false) : undefined;
  }

  /** Registers a part without the derivative that is already in a buffer; it is read from there. */
  pass(value: Value, ref: BufferRef): void {
    if (value.hasGradient) this.#list(value).push({ ref, pending: value.activation !== 'linear' });
  }

  /** The gradient of a value before its activation, with all parts added; undefined if there is none. */
  total(value: Value): BufferRef | undefined {
    const parts = this.#list(value);
    if (parts.length > 1 || parts[0]?.pending) {
      return furtherLayers().sumGradientParts(this.#planner, this.#batch, this.#backward, value, parts);
    }
    return parts[0]?.ref;
  }

  #isAlone(value: Value): boolean {
    return (this.#consumers.get(value) ?? 0) <= 1;
  }

  #contribute(value: Value, pending: boolean): BufferRef {
    const list = this.#list(value);
    const label = `${value.name}.dy${this.#isAlone(value) && !pending ? '' : `_${list.length}`}`;
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
