import {
  allowedElements,
  axisIn,
  broadcastShapes,
  broadcastTo,
  type Constant,
  elementsIn,
  gathered,
  integers,
  permutation,
  sliced,
  slicesOf,
  squeezed,
  stridesOf,
  Unsupported,
  unsqueezed,
} from './constant.ts';
import { erf } from './elementwise.ts';
import { isFloatType, type ReadAttribute, type ReadNode } from './read_file.ts';

type Fold = (inputs: readonly Constant[], attributes: ReadonlyMap<string, ReadAttribute>) => Constant;

const unary =
  (f: (x: number) => number): Fold =>
  ([x]) => ({ ...x!, data: x!.data.map(f) });

const binary =
  (f: (x: number, y: number) => number, whole?: (x: number, y: number) => number): Fold =>
  ([a, b]) => {
    const shape = broadcastShapes(a!.shape, b!.shape);
    const [x, y] = [broadcastTo(a!, shape), broadcastTo(b!, shape)];
    const of = a!.isFloat || !whole ? f : whole;
    return { shape, isFloat: a!.isFloat, data: x.data.map((value, i) => of(value, y.data[i]!)) };
  };

const several =
  (f: (x: number, y: number) => number): Fold =>
  (inputs, attributes) =>
    inputs.reduce((a, b) => binary(f)([a, b], attributes));

const list = (constant: Constant | undefined) => constant && [...constant.data];
const axesOf = (attributes: ReadonlyMap<string, ReadAttribute>, input: Constant | undefined) =>
  list(input) ?? attributes.get('axes')?.integers;

/** Resolves the target shape of a Reshape: 0 keeps an axis, -1 takes the remaining elements. */
function reshapeTo({ shape }: Constant, target: readonly number[]): number[] {
  const kept = target.map((n, i) => (n === 0 ? shape[i]! : n));
  const known = elementsIn(kept.filter((n) => n !== -1));
  const to = kept.map((n) => (n === -1 ? elementsIn(shape) / known : n));
  if (elementsIn(to) !== elementsIn(shape)) throw new Unsupported(`[${shape.join(', ')}] into [${target.join(', ')}]`);
  return to;
}

function concatenated(parts: readonly Constant[], axis: number): Constant {
  const { shape, isFloat } = parts[0]!;
  const at = axisIn(axis, shape.length);
  if (parts.some((part) => part.shape.length !== shape.length)) throw new Unsupported('inputs of different ranks');
  const to = shape.map((n, i) => (i === at ? parts.reduce((sum, part) => sum + part.shape[at]!, 0) : n));
  const data = new Float64Array(elementsIn(to));
  const outer = elementsIn(shape.slice(0, at));
  let begin = 0;
  for (const part of parts) {
    const length = part.data.length / outer;
    for (let i = 0; i < outer; i++) {
      data.set(part.data.subarray(i * length, (i + 1) * length), (i * data.length) / outer + begin);
    }
    begin += length;
  }
  return { shape: to, isFloat, data };
}

function gather(x: Constant, indices: Constant, axis: number): Constant {
  const at = axisIn(axis, x.shape.length);
  const n = x.shape[at]!;
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
  const inner = elementsIn(after);
  const picked = [...indices.data].map((i) => axisIn(i, n));
  const data = Array.from({ length: elementsIn(before) }, (_, o) =>
    picked.flatMap((i) => [...x.data.subarray((o * n + i) * inner, (o * n + i + 1) * inner)]),
  );
  return { shape: [...before, ...indices.shape, ...after], isFloat: x.isFloat, data: Float64Array.from(data.flat()) };
}

function filled(shape: readonly number[], value: number, isFloat: boolean): Constant {
  return { shape: [...shape], isFloat, data: new Float64Array(allowedElements(shape)).fill(value) };
}

/** Constant folding of shape arithmetic and other computations that exporters leave to the runtime. */
export const folds: Record<string, Fold> = {
  Constant(_, attributes) {
    const tensor = attributes.get('value')?.tensor?.();
    if (tensor) return tensor;
    for (const [key, { number, integer, numbers, integers: whole }] of attributes) {
      if (key === 'value_float') return { shape: [], isFloat: true, data: Float64Array.of(number) };
      if (key === 'value_int') return { shape: [], isFloat: false, data: Float64Array.of(integer) };
      if (key === 'value_floats') {
        return { shape: [numbers.length], isFloat: true, data: Float64Array.from(numbers) };
      }
      if (key === 'value_ints') return integers(whole);
    }
    throw new Unsupported('a constant that is no tensor of numbers');
  },
  ConstantOfShape([shape], attributes) {
    const value = attributes.get('value')?.tensor?.();
    return filled([...shape!.data], value?.data[0] ?? 0, value?.isFloat ?? true);
  },
  Identity: ([x]) => x!,
  Cast: ([x], attributes) => {
    const to = attributes.get('to')?.integer ?? 1;
    const isFloat = isFloatType(to);
    return { ...x!, isFloat, data: isFloat ? x!.data : x!.data.map(Math.trunc) };
  },
  Shape: ([x]) => integers(x!.shape),
  Size: ([x]) => ({ shape: [], isFloat: false, data: Float64Array.of(elementsIn(x!.shape)) }),
  Gather: ([x, indices], attributes) => gather(x!, indices!, attributes.get('axis')?.integer ?? 0),
  Concat: (parts, attributes) => concatenated(parts, attributes.get('axis')?.integer ?? 0),
  Reshape: ([x, target]) => ({ ...x!, shape: reshapeTo(x!, [...target!.data]) }),
  Flatten: ([x], attributes) => {
    const axis = attributes.get('axis')?.integer ?? 1;
    const at = axis < 0 ? axis + x!.shape.length : axis;
    return { ...x!, shape: [elementsIn(x!.shape.slice(0, at)), elementsIn(x!.shape.slice(at))] };
  },
  Squeeze: ([x, axes], attributes) => ({ ...x!, shape: squeezed(x!.shape, axesOf(attributes, axes)) }),
  Unsqueeze: ([x, axes], attributes) => ({ ...x!, shape: unsqueezed(x!.shape, axesOf(attributes, axes) ?? []) }),
  Transpose: ([x], attributes) => {
    const order = permutation(attributes.get('perm')?.integers ?? [], x!.shape.length);
    const strides = stridesOf(x!.shape);
    const shape = order.map((axis) => x!.shape[axis]!);
    const places = gathered(
      shape,
      order.map((axis) => strides[axis]!),
    );
    return { ...x!, shape, data: Float64Array.from(places, (at) => x!.data[at]!) };
  },
  Slice: ([x, starts, ends, axes, steps], attributes) =>
    sliced(
      x!,
      slicesOf(
        x!.shape,
        list(starts) ?? attributes.get('starts')?.integers ?? [],
        list(ends) ?? attributes.get('ends')?.integers ?? [],
        axesOf(attributes, axes),
        list(steps),
      ),
    ),
  Expand: ([x, shape]) => broadcastTo(x!, broadcastShapes(x!.shape, [...shape!.data])),
  Range: ([start, limit, delta]) => {
    const count = Math.max(0, Math.ceil((limit!.data[0]! - start!.data[0]!) / delta!.data[0]!));
    const range = filled([count], 0, start!.isFloat);
    return { ...range, data: range.data.map((_, i) => start!.data[0]! + i * delta!.data[0]!) };
  },
  Where: ([condition, x, y]) => {
    const shape = broadcastShapes(condition!.shape, broadcastShapes(x!.shape, y!.shape));
    const [c, a, b] = [condition!, x!, y!].map((constant) => broadcastTo(constant, shape).data);
    return { shape, isFloat: x!.isFloat, data: c!.map((yes, i) => (yes ? a![i]! : b![i]!)) };
  },
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: binary(
    (x, y) => x / y,
    (x, y) => Math.trunc(x / y),
  ),
  Pow: binary((x, y) => x ** y),
  Mod: binary((x, y) => x - y * Math.floor(x / y)),
  Equal: binary((x, y) => (x === y ? 1 : 0)),
  Less: binary((x, y) => (x < y ? 1 : 0)),
  Greater: binary((x, y) => (x > y ? 1 : 0)),
  Max: several(Math.max),
  Min: several(Math.min),
  Sum: several((x, y) => x + y),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Erf: unary(erf),
  Reciprocal: unary((x) => 1 / x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Not: unary((x) => (x ? 0 : 1)),
};

/** Evaluates a node whose inputs are constants. @throws Unsupported */
export function foldConstants({ operator, attributes }: ReadNode, inputs: readonly Constant[]): Constant {
  const fold = Object.hasOwn(folds, operator) ? folds[operator]! : undefined;
  if (!fold) throw new Unsupported('of constants alone');
  return fold(inputs, attributes);
}
