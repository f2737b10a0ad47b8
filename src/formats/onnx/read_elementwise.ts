import { type Constant, isConstant, Unsupported } from './constant.ts';
import { erf, functions } from './elementwise.ts';
import { floats, type Operand, type Operation, type Reader } from './operation.ts';
import { activated, affine, alongLayer, formulaOf, merged, pointwise, scalarOf, settled } from './pointwise.ts';
import { samePlaces, type Value } from './value.ts';

type Build = (value: Value, operation: Operation) => Value;

const none = (): never => {
  throw new Unsupported('of which wgrad has no layer');
};
export const scaled = (value: Value, scale: number, shift: number, { builder }: Operation): Value =>
  affine(builder, value, [scale], [shift]);
const act = (value: Value, name: string, { builder }: Operation) => activated(builder, value, name);
const add = (values: Value[], { builder }: Operation) => merged(builder, 'add', values);
export const negative = (value: Value, operation: Operation): Value => scaled(value, -1, 0, operation);
const maximum = (values: Value[], { builder }: Operation) => merged(builder, 'maximum', values);
export const absolute = (value: Value, operation: Operation): Value =>
  maximum([value, negative(value, operation)], operation);

/** One number per element of a layer's output, or a single number for all of them. */
type Along = ArrayLike<number>;

/** max(x, c) = relu(x - c) + c for a sign of 1, min(x, c) = c - relu(c - x) for a sign of -1. */
const bounded =
  (sign: 1 | -1) =>
  (bound: Along): Build =>
  (value, { builder }) => {
    const shift = floats(bound).map((c) => -sign * c);
    return affine(builder, activated(builder, affine(builder, value, [sign], shift), 'relu'), [sign], floats(bound));
  };
const atLeast = bounded(1);
const atMost = bounded(-1);

/** Converts a unary operator; `build` creates its layers if it is not one of wgrad's activations. */
function one(
  f: (operation: Operation) => (x: number) => number,
  build: (operation: Operation) => Build = () => none,
): Reader {
  return (operation) => {
    const emit = (value: Value) => build(operation)(value, operation);
    return pointwise(operation.pending(0), f(operation), emit, operation.builder);
  };
}

const activation = (name: keyof typeof functions): Reader =>
  one(
    () => functions[name],
    () => (value, operation) => act(value, name, operation),
  );

/** alpha * elu(x) for x < 0, x otherwise: (1 - alpha) relu(x) + alpha elu(x). */
const eluOf =
  (alpha: number): Build =>
  (value, operation) => {
    const relu = scaled(act(value, 'relu', operation), 1 - alpha, 0, operation);
    return add([relu, scaled(act(value, 'elu', operation), alpha, 0, operation)], operation);
  };

const seluOf = (operation: Operation): [number, number] => [
  operation.number('alpha', 1.6732632),
  operation.number('gamma', 1.050701),
];

const bounds = (operation: Operation): [number, number] => {
  const bound = (i: number, name: string, unless: number) => {
    const constant = operation.optional(i);
    if (constant && constant.data.length !== 1) throw new Unsupported('with bounds that are no numbers');
    return constant?.data[0] ?? operation.number(name, unless);
  };
  return [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)];
};

/** A binary operator: its formula, its layers for a value and a constant, and its layers for two values. */
interface Binary {
  f: (x: number, y: number) => number;
  /** [scale, shift] such that scale * x + shift is x op c (`right`) or c op x (`left`). */
  right?: (c: number) => [number, number];
  left?: (c: number) => [number, number];
  /** Layers for an x op c that is not affine in x. */
  bound?: (c: Along) => Build;
  both?: (a: Value, b: Value, operation: Operation) => Value;
}

const binaries: Record<string, Binary> = {
  Add: {
    f: (x, y) => x + y,
    right: (c) => [1, c],
    left: (c) => [1, c],
    both: (a, b, operation) => add([a, b], operation),
  },
  Sub: {
    f: (x, y) => x - y,
    right: (c) => [1, -c],
    left: (c) => [-1, c],
    both: (a, b, operation) => add([a, negative(b, operation)], operation),
  },
  Mul: {
    f: (x, y) => x * y,
    right: (c) => [c, 0],
    left: (c) => [c, 0],
    both: (a, b, { builder }) => merged(builder, 'multiply', [a, b]),
  },
  Div: { f: (x, y) => x / y, right: (c) => [1 / c, 0] },
  Max: { f: Math.max, bound: atLeast, both: (a, b, operation) => maximum([a, b], operation) },
  Min: {
    f: Math.min,
    bound: atMost,
    both: (a, b, operation) =>
      negative(maximum([negative(a, operation), negative(b, operation)], operation), operation),
  },
};

function combined(operator: string, a: Value | Constant, b: Value | Constant, operation: Operation): Value {
  const { f, right, left, bound, both } = binaries[operator]!;
  const { builder } = operation;
  const none = () => new Unsupported('of these inputs');
  if (isConstant(a) || isConstant(b)) {
    const [value, constant] = isConstant(a) ? [b as Value, a] : [a as Value, b as Constant];
    const line = isConstant(a) ? left : right;
    const emit = (own: Value, along: Along): Value => {
      if (line) {
        const lines = Array.from(along, line);
        return affine(builder, own, floats(lines.map(([scale]) => scale)), floats(lines.map(([, shift]) => shift)));
      }
      if (!bound) throw none();
      return bound(along)(own, operation);
    };
    const scalar = scalarOf(constant, value);
    if (scalar === undefined) {
      const own = settled(builder, value);
      return emit(own, alongLayer(builder, constant, own));
    }
    const formula = isConstant(a) ? (x: number) => f(scalar, x) : (x: number) => f(x, scalar);
    return pointwise(value, formula, (own) => emit(own, [scalar]), builder);
  }
  const layers = () => {
    if (!both) throw none();
    return both(settled(builder, a), settled(builder, b), operation);
  };
  const sameBase = a.layer === b.layer && a.shape.join() === b.shape.join() && samePlaces(a.places, b.places);
  if (!sameBase) return layers();
  // Two functions of the same value are combined into one, as in x * sigmoid(x).
  const [g, h] = [formulaOf(a), formulaOf(b)];
  const { pending, ...base } = a;
  return pointwise(base, (x) => f(g(x), h(x)), layers, builder);
}

/** Before opset 7, a constant could be aligned at a given axis and broadcast along the later ones. */
function atAxis(operand: Operand | undefined, { node, operands, opset }: Operation): Operand | undefined {
  const axis = node.attributes.get('axis')?.integer;
  const [first] = operands;
  if (opset >= 7 || axis === undefined || !operand || !first) return operand;
  if (!isConstant(operand) || isConstant(first)) return operand;
  const after = first.shape.length + 1 - axis - operand.shape.length;
  return { ...operand, shape: [...operand.shape, ...new Array<number>(Math.max(0, after)).fill(1)] };
}

const binary =
  (operator: string): Reader =>
  (operation) => {
    const given = operation.operands.map((operand) => atAxis(operand, operation));
    const [first, ...others] = given as [Operand, ...Operand[]];
    if (given.some((operand) => !operand)) throw new Unsupported('without one of its inputs');
    return others.reduce<Value | Constant>((a, b) => {
      if (isConstant(a) && isConstant(b)) throw new Unsupported('with several constants');
      return combined(operator, a, b, operation);
    }, first);
  };

const mean: Reader = (operation) => {
  const count = operation.operands.length;
  const values = operation.operands.map((_, i) => operation.value(i));
  return count === 1 ? values[0]! : scaled(add(values, operation), 1 / count, 0, operation);
};

/** x for positive x, slope * x otherwise, with one slope per channel or a single one. */
const prelu: Reader = (operation) => {
  const { builder } = operation;
  const given = operation.constant(1);
  const channels = operation.opset < 7 && given.shape.length === 1;
  const ones = new Array<number>(channels ? operation.pending(0).shape.length - 1 : 0).fill(1);
  const slope = { ...given, shape: [...given.shape, ...ones] };
  const scalar = scalarOf(slope);
  const value = operation.value(0);
  if (scalar !== undefined && scalar >= 0) return activated(builder, value, 'leakyRelu', scalar);
  const along = alongLayer(builder, slope, value);
  const below = activated(builder, scaled(value, -1, 0, operation), 'relu');
  return add([activated(builder, value, 'relu'), affine(builder, below, floats(along.map((x) => -x)), [0])], operation);
};

const power: Reader = (operation) => {
  const exponent = scalarOf(operation.constant(1), operation.pending(0));
  if (exponent === undefined) throw new Unsupported('with exponents that are no single number');
  const emit = (value: Value) => {
    if (![2, 3, 4].includes(exponent)) return none();
    return merged(operation.builder, 'multiply', new Array<Value>(exponent).fill(value));
  };
  return pointwise(operation.pending(0), (x) => x ** exponent, emit, operation.builder);
};

export const elementwiseReaders: Record<string, Reader> = {
  Relu: activation('relu'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Exp: activation('exponential'),
  Softplus: activation('softplus'),
  Softsign: activation('softsign'),
  HardSwish: activation('hardSwish'),
  Mish: activation('mish'),
  Gelu: (operation) => {
    if (operation.text('approximate', 'none') !== 'none') throw new Unsupported('approximated by a tanh');
    return activation('gelu')(operation);
  },
  LeakyRelu: one(
    (operation) => (x) => (x < 0 ? operation.number('alpha', 0.01) * x : x),
    () => none,
  ),
  Elu: one(
    (operation) => (x) => (x < 0 ? operation.number('alpha', 1) * Math.expm1(x) : x),
    (operation) => eluOf(operation.number('alpha', 1)),
  ),
  Celu: one(
    (operation) => (x) => {
      const alpha = operation.number('alpha', 1);
      return x < 0 ? alpha * Math.expm1(x / alpha) : x;
    },
    () => (value, operation) => {
      const alpha = operation.number('alpha', 1);
      return scaled(act(scaled(value, 1 / alpha, 0, operation), 'elu', operation), alpha, 0, operation);
    },
  ),
  Selu: one(
    (operation) => {
      const [alpha, gamma] = seluOf(operation);
      return (x) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
    },
    (operation) => {
      const [alpha, gamma] = seluOf(operation);
      return (value) => scaled(eluOf(alpha)(value, operation), gamma, 0, operation);
    },
  ),
  HardSigmoid: one(
    (operation) => (x) => Math.min(1, Math.max(0, operation.number('alpha', 0.2) * x + operation.number('beta', 0.5))),
    (operation) => (value) => {
      const line = scaled(value, operation.number('alpha', 0.2), operation.number('beta', 0.5), operation);
      return atMost([1])(act(line, 'relu', operation), operation);
    },
  ),
  Clip: one(
    (operation) => {
      const [least, most] = bounds(operation);
      return (x) => Math.min(most, Math.max(least, x));
    },
    (operation) => (value) => {
      const [least, most] = bounds(operation);
      const above = least > -Infinity ? atLeast([least])(value, operation) : value;
      return most < Infinity ? atMost([most])(above, operation) : above;
    },
  ),
  // x - bias above lambd, x + bias below -lambd; supported only if the function is continuous.
  Shrink: one(
    (operation) => {
      const [bias, lambd] = [operation.number('bias', 0), operation.number('lambd', 0.5)];
      return (x) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0);
    },
    (operation) => (value) => {
      const lambd = operation.number('lambd', 0.5);
      if (operation.number('bias', 0) !== lambd) return none();
      const above = act(scaled(value, 1, -lambd, operation), 'relu', operation);
      const below = act(scaled(value, -1, -lambd, operation), 'relu', operation);
      return add([above, negative(below, operation)], operation);
    },
  ),
  Neg: one(
    (_) => (x) => -x,
    () => negative,
  ),
  Abs: one(
    (_) => Math.abs,
    () => absolute,
  ),
  Erf: one((_) => erf),
  Sqrt: one((_) => Math.sqrt),
  Log: one((_) => Math.log),
  Reciprocal: one((_) => (x) => 1 / x),
  ThresholdedRelu: one((operation) => (x) => (x > operation.number('alpha', 1) ? x : 0)),
  PRelu: prelu,
  Pow: power,
  Add: binary('Add'),
  Sum: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  Max: binary('Max'),
  Min: binary('Min'),
  Mean: mean,
};
