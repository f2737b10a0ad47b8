import { axisIn, type Constant, elementsIn, isConstant, stridesOf, Unsupported } from './constant.ts';
import { floats, type Operation, type Reader } from './operation.ts';
import { merged } from './pointwise.ts';
import { absolute, negative, scaled } from './read_elementwise.ts';
import {
  arranged,
  asImage,
  asOrdered,
  channelsFirstPlaces,
  flatLayer,
  inLayerOrder,
  inOrder,
  placesOf,
  reshaped,
  samePlaces,
  type Value,
} from './value.ts';

/** Adds a dense layer for a matrix [inputs, units]; its rows are reordered to match the input layer's elements. */
function dense(operation: Operation, value: Value, matrix: Constant, bias: Float32Array | undefined): Value {
  const { builder } = operation;
  const [inputs, units] = matrix.shape as [number, number];
  if (inputs !== value.places.length)
    throw new Unsupported(`of ${inputs} inputs, of which there are ${value.places.length}`);
  const kernel = new Float32Array(inputs * units);
  for (let row = 0; row < inputs; row++) {
    kernel.set(matrix.data.subarray(row * units, (row + 1) * units), value.places[row]! * units);
  }
  const options = { type: 'dense', units, useBias: bias !== undefined } as const;
  const layer = builder.add(options, [flatLayer(builder, value.layer)], { kernel, ...(bias && { bias }) });
  return { layer, shape: [units], places: inOrder([units]) };
}

const matrixOf = (constant: Constant, transpose: boolean): Constant => {
  if (constant.shape.length !== 2) throw new Unsupported(`with a constant [${constant.shape.join(', ')}]`);
  if (!transpose) return constant;
  const [rows, columns] = constant.shape as [number, number];
  const data = new Float64Array(constant.data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[c * rows + r] = constant.data[r * columns + c]!;
  return { ...constant, shape: [columns, rows], data };
};

const gemm: Reader = (operation) => {
  if (operation.integer('transA', 0) === 1) throw new Unsupported('transA of the images');
  const value = operation.value(0);
  if (value.shape.length !== 1) throw new Unsupported(`of [batch, ${value.shape.join(', ')}]`);
  const alpha = operation.number('alpha', 1);
  const beta = operation.number('beta', 1);
  const given = matrixOf(operation.constant(1), operation.integer('transB', 0) === 1);
  const matrix = alpha === 1 ? given : { ...given, data: given.data.map((x) => alpha * x) };
  const bias = operation.optional(2);
  if (!bias) return dense(operation, value, matrix, undefined);
  const units = matrix.shape[1]!;
  if (bias.data.length !== 1 && bias.data.length !== units) throw new Unsupported('with a bias for each image');
  return dense(
    operation,
    value,
    matrix,
    Float32Array.from({ length: units }, (_, i) => beta * bias.data[i % bias.data.length]!),
  );
};

const matMul: Reader = (operation) => {
  const { builder } = operation;
  if (operation.operands[0] && isConstant(operation.operands[0]))
    throw new Unsupported('with a constant as its first input');
  const value = operation.value(0);
  const matrix = matrixOf(operation.constant(1), false);
  if (value.shape.length === 1) return dense(operation, value, matrix, undefined);
  const ordered = asOrdered(builder, value);
  const [inputs, units] = matrix.shape as [number, number];
  if (inputs !== value.shape.at(-1))
    throw new Unsupported(`of ${inputs} inputs, of which there are ${value.shape.at(-1)}`);
  const options = { type: 'conv2d', filters: units, kernelSize: 1, useBias: false } as const;
  const layer = builder.add(options, [ordered.layer], { kernel: floats(matrix.data) });
  const shape = [...value.shape.slice(0, -1), units];
  return { layer, shape, places: inOrder(shape) };
};

const batchNormalization: Reader = (operation) => {
  const { builder } = operation;
  if (operation.integer('training_mode', 0) === 1) throw new Unsupported('in training');
  const value = operation.value(0);
  const [gamma, beta, movingMean, movingVariance] = [1, 2, 3, 4].map((i) => floats(operation.constant(i).data));
  const epsilon = operation.number('epsilon', 1e-5);
  const weights = { gamma: gamma!, beta: beta!, movingMean: movingMean!, movingVariance: movingVariance! };
  if (value.shape.length === 1) {
    const flat = flatLayer(builder, value.layer);
    // Reorder the parameters to match the layer's units.
    const along = Object.entries(weights).map(([name, data]) => [name, floats(inLayerOrder(value, data))]);
    return { ...value, layer: builder.add({ type: 'batchNormalization', epsilon }, [flat], Object.fromEntries(along)) };
  }
  const image = asImage(builder, value);
  return { ...image, layer: builder.add({ type: 'batchNormalization', epsilon }, [image.layer], weights) };
};

/** Normalizes the last axes of each sample, from `axis` on. */
const layerNormalization: Reader = (operation) => {
  const { builder } = operation;
  const value = operation.value(0);
  const { shape } = value;
  const axis = axisIn(operation.integer('axis', -1), shape.length + 1) - 1;
  if (axis < 0) throw new Unsupported('over the batch');
  const own = shape.slice(axis);
  const size = elementsIn(own);
  const epsilon = operation.number('epsilon', 1e-5);
  const [gamma, beta] = [operation.constant(1), operation.optional(2)];
  if ([gamma, ...(beta ? [beta] : [])].some(({ data }) => data.length !== size))
    throw new Unsupported('with other weights');
  const whole = axis === 0;
  const ordered = whole ? value : asOrdered(builder, value);
  let { layer } = ordered;
  const storage = builder.shapeOf(layer);
  let first = storage.length - 1;
  while (first > 0 && elementsIn(storage.slice(first)) < size) first--;
  if (elementsIn(storage.slice(first)) !== size) {
    layer = arranged(builder, ordered, [elementsIn(shape) / size, 1, size], ordered.places).layer;
    first = 2;
  }
  const rank = builder.shapeOf(layer).length;
  const spread = ({ data }: Constant) => floats(whole ? inLayerOrder(ordered, data) : data);
  const options = {
    type: 'layerNormalization',
    axis: Array.from({ length: rank - first }, (_, i) => i - (rank - first)),
    epsilon,
    center: beta !== undefined,
  } as const;
  const weights = { gamma: spread(gamma), ...(beta && { beta: spread(beta) }) };
  return { ...ordered, layer: builder.add(options, [layer], weights) };
};

/**
 * Normalizes each group of channels of each sample. In an instance normalization the number of groups is the number of channels.
 */
function groups(operation: Operation, count: number, gamma: Constant, beta: Constant): Value {
  const { builder } = operation;
  const value = operation.value(0);
  const own = builder.shapeOf(value.layer);
  const channels = own.at(-1)!;
  const pixels = elementsIn(own) / channels;
  const fits = channels % count === 0 && samePlaces(value.places, channelsFirstPlaces([channels, pixels, 1]));
  const image = fits ? value : asImage(builder, value);
  const width = builder.shapeOf(image.layer).at(-1)!;
  const spread = ({ data }: Constant) => {
    if (width % data.length !== 0) throw new Unsupported('with other weights');
    return Float32Array.from({ length: width }, (_, i) => data[Math.floor((i * data.length) / width)]!);
  };
  const [scale, center] = [gamma.data.some((x) => x !== 1), beta.data.some((x) => x !== 0)];
  const epsilon = operation.number('epsilon', 1e-5);
  const layer = builder.add({ type: 'groupNormalization', groups: count, epsilon, scale, center }, [image.layer], {
    ...(scale && { gamma: spread(gamma) }),
    ...(center && { beta: spread(beta) }),
  });
  return { ...image, layer };
}

type Reduction = 'globalAveragePooling2d' | 'globalMaxPooling2d';

/** Reduces over some axes with a global pool, for which these axes become an image's pixels and the others its channels. */
function reduced(operation: Operation, type: Reduction, value: Value, axes: readonly number[], keep: boolean): Value {
  const { builder } = operation;
  const { shape } = value;
  const others = [...shape.keys()].filter((axis) => !axes.includes(axis));
  const [pixels, channels] = [axes, others].map((of) => elementsIn(of.map((axis) => shape[axis]!))) as [number, number];
  // The order of the elements in an image [pixels, 1, channels].
  const order = [...axes, ...others];
  const to = stridesOf(order.map((axis) => shape[axis]!));
  const wanted = placesOf(
    shape,
    shape.map((_, axis) => to[order.indexOf(axis)]!),
  );
  const own = builder.shapeOf(value.layer);
  const storage = own.length === 3 && own[2] === channels ? own : [pixels, 1, channels];
  const image = arranged(builder, value, storage, wanted);
  const layer = builder.add({ type, keepdims: true }, [image.layer]);
  const left = keep ? shape.map((n, axis) => (axes.includes(axis) ? 1 : n)) : others.map((axis) => shape[axis]!);
  return { layer, shape: left, places: inOrder([channels]) };
}

const reduce =
  (
    type: Reduction,
    before: (value: Value, operation: Operation) => Value,
    after: (value: Value, count: number, operation: Operation) => Value,
  ): Reader =>
  (operation) => {
    const value = operation.value(0);
    const rank = value.shape.length + 1;
    const given = operation.list(1, 'axes');
    if (!given?.length && operation.integer('noop_with_empty_axes', 0) === 1) return value;
    const axes = (given?.length ? given : [...Array(rank).keys()])
      .map((axis) => axisIn(axis, rank) - 1)
      .sort((a, b) => a - b);
    if (axes.includes(-1)) throw new Unsupported('over the batch');
    const count = elementsIn(axes.map((axis) => value.shape[axis]!));
    const keep = operation.integer('keepdims', 1) === 1;
    return after(reduced(operation, type, before(value, operation), axes, keep), count, operation);
  };

const asIs = (value: Value) => value;
const sum = (value: Value, count: number, operation: Operation) => scaled(value, count, 0, operation);

const globalPool =
  (type: Reduction): Reader =>
  (operation) => {
    const value = operation.value(0);
    const axes = [...value.shape.keys()].slice(1);
    return reduced(operation, type, value, axes, true);
  };

/** wgrad supports softmax only at the end of the network, over all outputs. */
const softmax: Reader = (operation) => {
  const { builder, opset } = operation;
  const value = operation.value(0);
  const rank = value.shape.length + 1;
  const axis = axisIn(operation.integer('axis', opset < 13 ? 1 : -1), rank) - 1;
  const all = elementsIn(value.shape);
  const over = opset < 13 ? elementsIn(value.shape.slice(Math.max(0, axis))) : axis < 0 ? 0 : value.shape[axis]!;
  if (axis < 0 || over !== all) throw new Unsupported('over one of several axes');
  const flat = arranged(builder, reshaped(value, [all]), [all], inOrder([all]));
  const layer = builder.add({ type: 'activation', activation: 'softmax' }, [flat.layer]);
  return { layer, shape: value.shape, places: inOrder(value.shape) };
};

export const layerReaders: Record<string, Reader> = {
  Gemm: gemm,
  MatMul: matMul,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: (operation) =>
    groups(operation, operation.pending(0).shape[0]!, operation.constant(1), operation.constant(2)),
  GroupNormalization: (operation) =>
    groups(operation, operation.integer('num_groups', 1), operation.constant(1), operation.constant(2)),
  GlobalAveragePool: globalPool('globalAveragePooling2d'),
  GlobalMaxPool: globalPool('globalMaxPooling2d'),
  ReduceMean: reduce('globalAveragePooling2d', asIs, asIs),
  ReduceMax: reduce('globalMaxPooling2d', asIs, asIs),
  ReduceMin: reduce('globalMaxPooling2d', negative, (value, _, operation) => negative(value, operation)),
  ReduceSum: reduce('globalAveragePooling2d', asIs, sum),
  ReduceL1: reduce('globalAveragePooling2d', absolute, sum),
  ReduceSumSquare: reduce(
    'globalAveragePooling2d',
    (value, { builder }) => merged(builder, 'multiply', [value, value]),
    sum,
  ),
  Softmax: softmax,
};
