import { product } from '../../product.ts';
import { mostWeights } from '../trained_model.ts';

/** A tensor that doesn't depend on the images. An unknown batch size is represented by NaN. */
export interface Constant {
  shape: readonly number[];
  isFloat: boolean;
  data: Float64Array;
}

export const elementsIn: (shape: readonly number[]) => number = product;

/** Number of elements of a tensor to be allocated. @throws Unsupported if it is too large. */
export function allowedElements(shape: readonly number[]): number {
  const count = elementsIn(shape);
  if (!(count <= mostWeights)) throw new Unsupported(`a tensor [${shape.join(', ')}] is too large`);
  return count;
}

/** The reason why a node can't be converted. */
export class Unsupported extends Error {}

export const isConstant = (value: object): value is Constant => 'isFloat' in value;

export const integers = (values: readonly number[]): Constant => ({
  shape: [values.length],
  isFloat: false,
  data: Float64Array.from(values),
});

/** Distance between neighboring elements along each axis. */
export const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => elementsIn(shape.slice(axis + 1)));

/**
 * Index of each element of a shape in storage with the given strides; an axis with stride 0 is broadcast. The last axis of the
 * shape varies fastest.
 */
export function gathered(shape: readonly number[], strides: readonly number[], begin = 0): Int32Array {
  const count = allowedElements(shape);
  const places = new Int32Array(count);
  const at = shape.map(() => 0);
  let place = begin;
  for (let i = 0; i < count; i++) {
    places[i] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      place -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return places;
}

/** Broadcasts by NumPy's rules: shapes are aligned at their ends. */
export function broadcastTo({ shape, isFloat, data }: Constant, target: readonly number[]): Constant {
  const missing = target.length - shape.length;
  const fits = missing >= 0 && shape.every((n, i) => n === 1 || n === target[missing + i]);
  if (!fits) throw new Unsupported(`[${shape.join(', ')}] doesn't broadcast to [${target.join(', ')}]`);
  const own = stridesOf(shape);
  const strides = target.map((_, i) => (i < missing || shape[i - missing] === 1 ? 0 : own[i - missing]!));
  const places = gathered(target, strides);
  return { shape: [...target], isFloat, data: Float64Array.from(places, (place) => data[place]!) };
}

export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (m !== n && m !== 1 && n !== 1) {
      throw new Unsupported(`shapes [${a.join(', ')}] and [${b.join(', ')}] don't fit each other`);
    }
    return m === 1 ? n : m;
  });
}

/** Resolves an axis that may be counted from the end. */
export function axisIn(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!(Number.isInteger(at) && at >= 0 && at < rank)) throw new Unsupported(`there is no axis ${axis}`);
  return at;
}

/** `axes` in ONNX: an attribute before opset 13, an input since then. */
export type Axes = readonly number[] | undefined;

export function squeezed(shape: readonly number[], axes: Axes): number[] {
  const cut = axes?.map((axis) => axisIn(axis, shape.length)) ?? [...shape.keys()].filter((i) => shape[i] === 1);
  if (cut.some((axis) => shape[axis] !== 1)) throw new Unsupported(`an axis of [${shape.join(', ')}] that is not 1`);
  return shape.filter((_, axis) => !cut.includes(axis));
}

export function unsqueezed(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length;
  const added = axes.map((axis) => axisIn(axis, rank));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!));
}

/** The permutation of a Transpose; reverses all axes by default. */
export function permutation(perm: readonly number[], rank: number): number[] {
  const order = perm.length > 0 ? [...perm] : Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const isOne = order.length === rank && order.every((axis) => axisIn(axis, rank) === axis);
  if (!isOne || new Set(order).size !== rank) throw new Unsupported(`perm [${perm.join(', ')}] of ${rank} axes`);
  return order;
}

export interface SliceOfAxis {
  axis: number;
  begin: number;
  step: number;
  count: number;
}

/** The range that a Slice takes of each axis that it names. */
export function slicesOf(
  shape: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  axes: Axes,
  steps: readonly number[] | undefined,
): SliceOfAxis[] {
  if (starts.length !== ends.length) throw new Unsupported('starts and ends of different lengths');
  return starts.map((start, i) => {
    const axis = axisIn(axes?.[i] ?? i, shape.length);
    const step = steps?.[i] ?? 1;
    const n = shape[axis]!;
    if (!Number.isInteger(step) || step === 0) throw new Unsupported(`step ${step}`);
    const within = (place: number, least: number, most: number) =>
      Math.min(most, Math.max(least, place < 0 ? place + n : place));
    const [begin, end] =
      step > 0 ? [within(start, 0, n), within(ends[i]!, 0, n)] : [within(start, 0, n - 1), within(ends[i]!, -1, n - 1)];
    return { axis, begin, step, count: Math.max(0, Math.ceil((end - begin) / step)) };
  });
}

export function sliced(constant: Constant, slices: readonly SliceOfAxis[]): Constant {
  const shape = [...constant.shape];
  const strides = stridesOf(constant.shape);
  let first = 0;
  for (const { axis, begin, step, count } of slices) {
    first += begin * strides[axis]!;
    shape[axis] = count;
    strides[axis]! *= step;
  }
  return { ...constant, shape, data: Float64Array.from(gathered(shape, strides, first), (at) => constant.data[at]!) };
}
