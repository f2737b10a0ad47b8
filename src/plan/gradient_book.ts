import type { Activation } from '../kernels/activation.ts';
import { gradientsMost, sumGradients } from '../kernels/sum_gradients.ts';
import type { Value } from './lowering.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';

/** Where a backward kernel writes an input's gradient. */
export interface GradientTarget {
  dx: BufferRef;
  /** Its derivative is to be folded into dx, from the input's own value; `linear` where that is done elsewhere. */
  activation: Activation;
}

/** One layer's part in the gradient of a value. */
interface Contribution {
  ref: BufferRef;
  /** The derivative of the activation that made the value is still to be multiplied in. */
  pending: boolean;
}

/**
 * Records which layers contribute to which gradient. The gradient of a value with one consumer is written by that layer; of
 * several consumers each writes a part, and a kernel adds the parts in the order in which the backward pass wrote them. Where a
 * part lacks the derivative of the activation that made the value, that kernel multiplies it in.
 */
export class GradientBook {
  readonly #planner: Planner;
  readonly #batch: number;
  readonly #backward: PlannedDispatch[];
  readonly #consumers = new Map<Value, number>();
  readonly #contributions = new Map<Value, Contribution[]>();

  /** @param backward the list that the sums are added to. */
  constructor(planner: Planner, batch: number, backward: PlannedDispatch[]) {
    this.#planner = planner;
    this.#batch = batch;
    this.#backward = backward;
  }

  /** Notes that a layer takes this value as an input. */
  addConsumer(value: Value): void {
    this.#consumers.set(value, (this.#consumers.get(value) ?? 0) + 1);
  }

  /** @returns where to write, and the derivative to fold in: none where other parts have to be added first. */
  target(value: Value): GradientTarget | undefined {
    if (!value.hasGradient) return undefined;
    const alone = this.#isAlone(value);
    const pending = !alone && value.activation !== 'linear';
    return { dx: this.#contribute(value, pending), activation: alone ? value.activation : 'linear' };
  }

  /** @returns where to write a gradient without the derivative. */
  raw(value: Value): BufferRef | undefined {
    return value.hasGradient ? this.#contribute(value, value.activation !== 'linear') : undefined;
  }

  /** @returns where to write a gradient that has the derivative in it. */
  finished(value: Value): BufferRef | undefined {
    return value.hasGradient ? this.#contribute(value, false) : undefined;
  }

  /** A part without the derivative that lies in a buffer already; it is read there. */
  pass(value: Value, ref: BufferRef): void {
    if (value.hasGradient) this.#list(value).push({ ref, pending: value.activation !== 'linear' });
  }

  /** The gradient of a value before its activation, all parts added; undefined where there is none. */
  total(value: Value): BufferRef | undefined {
    let parts = this.#list(value);
    while (parts.length > 1 || parts[0]?.pending) parts = [this.#sum(value, parts), ...parts.slice(gradientsMost)];
    return parts[0]?.ref;
  }

  #sum(value: Value, all: readonly Contribution[]): Contribution {
    const parts = all.slice(0, gradientsMost);
    const elements = this.#batch * value.elements;
    const dy = this.#planner.buffer('gradient', `${value.name}.dy`, elements);
    const pending = parts.map((part) => part.pending);
    const buffers = {
      ...Object.fromEntries(parts.map(({ ref }, i) => [`g${i}`, ref])),
      ...(value.activation !== 'linear' && pending.includes(true) && { v: value.ref }),
      dy,
    };
    const shape = { elements, pending, activation: value.activation };
    this.#backward.push(this.#planner.dispatch(sumGradients, shape, buffers, value.name));
    return { ref: dy, pending: false };
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
