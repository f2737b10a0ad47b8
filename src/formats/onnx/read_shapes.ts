import {
  axisIn,
  type Constant,
  elementsIn,
  gathered,
  integers,
  isConstant,
  permutation,
  slicesOf,
  squeezed,
  stridesOf,
  Unsupported,
  unsqueezed,
} from './constant.ts';
import type { Operation, Reader } from './operation.ts';
import { affine, settled } from './pointwise.ts';
import { isFloatType } from './read_file.ts';
import { bordered, type Pair, subsampled } from './read_windows.ts';
import {
  asImage,
  asOrdered,
  channelsFirstPlaces,
  flatLayer,
  inOrder,
  isChannelsFirst,
  reshaped,
  samePlaces,
  transposed,
  type Value,
} from './value.ts';

/** A sample's shape with the batch, of unknown size, as its first axis. */
const withBatch = (shape: readonly number[]) => [Number.NaN, ...shape];

/** Resolves the target shape of a Reshape for one sample. */
function targetOf({ shape }: Value, target: readonly number[], batch: number, allowZero: boolean): number[] {
  const all = elementsIn(shape);
  const own = target.map((n, i) => (n === 0 && !allowZero && i > 0 ? (shape[i - 1] ?? Number.NaN) : n));
  const [first, ...rest] = own;
  const resolve = (open: boolean) => {
    if (rest.filter((n) => n === -1).length > (open ? 1 : 0)) return undefined;
    const known = elementsIn(rest.filter((n) => n !== -1));
    const to = rest.map((n) => (n === -1 ? all / known : n));
    return to.every((n) => Number.isInteger(n) && n > 0) && elementsIn(to) === all ? to : undefined;
  };
  const keepsBatch = first === 0 || Number.isNaN(first!) || first === batch || first === 1;
  const to = first === -1 ? resolve(false) : keepsBatch ? resolve(true) : undefined;
  if (!to)
    throw new Unsupported(
      `[batch, ${shape.join(', ')}] into [${target.map((n) => (Number.isNaN(n) ? 'batch' : n)).join(', ')}]`,
    );
  return to;
}

const same: Reader = (operation) => operation.pending(0);

const transpose: Reader = (operation) => {
  const value = operation.value(0);
  const order = permutation(operation.integers('perm', []), value.shape.length + 1);
  if (order[0] !== 0) throw new Unsupported('moves the batch');
  return transposed(
    value,
    order.slice(1).map((axis) => axis - 1),
  );
};

/** Takes a range of an image axis. */
function slice(operation: Operation, given: Value, axis: number, begin: number, step: number, count: number): Value {
  const { builder } = operation;
  const { shape } = given;
  // Shuffled channels are reordered first.
  const isShuffled = shape.length === 3 && !isChannelsFirst(given) && !samePlaces(given.places, inOrder(shape));
  const value = isShuffled ? asImage(builder, given) : given;
  if (begin === 0 && step === 1 && count === shape[axis]) return value;
  if (count < 1) throw new Unsupported('leaves nothing');
  const first = isChannelsFirst(value) ? 1 : 0;
  const isPixels = shape.length === 3 && (axis === first || axis === first + 1);
  if (isPixels && step >= 1) {
    // Views the image as [channels, height, width], the order in which places are counted.
    const image = first === 1 ? asImage(builder, value) : transposed(asOrdered(builder, value), [2, 0, 1]);
    const at = axis - first;
    const firsts: Pair = [0, 0];
    const steps: Pair = [1, 1];
    const size: Pair = [image.shape[1]!, image.shape[2]!];
    firsts[at] = begin;
    steps[at] = step;
    size[at] = count;
    const cut = subsampled(operation, image, firsts, steps, size);
    return first === 1 ? cut : transposed(cut, [1, 2, 0]);
  }
  return picked(
    operation,
    value,
    axis,
    Array.from({ length: count }, (_, i) => begin + i * step),
  );
}

/** Maximum number of weights in a layer of zeros and ones. */
const mostPicked = 2 ** 22;

/** Selects channels or units by index, with a frozen layer of zeros and ones. */
function picked({ builder }: Operation, value: Value, axis: number, indices: readonly number[]): Value {
  const { shape } = value;
  const wanted = shape.map((n, i) => (i === axis ? indices.length : n));
  const image = isChannelsFirst(value) && axis === 0;
  const from = image ? asImage(builder, value) : asOrdered(builder, value);
  const channels = builder.shapeOf(from.layer).at(-1)!;
  const byChannel = image || axis === shape.length - 1;
  const strides = stridesOf(shape);
  const sources = byChannel
    ? indices
    : gathered(
        wanted,
        strides.map((stride, i) => (i === axis ? 0 : stride)),
      );
  const at = byChannel
    ? [...sources]
    : [...sources].map((source, i) => {
        const place = Math.floor(i / elementsIn(wanted.slice(axis + 1))) % indices.length;
        return source + indices[place]! * strides[axis]!;
      });
  const inputs = byChannel ? channels : elementsIn(shape);
  if (inputs * at.length > mostPicked) throw new Unsupported('of too many numbers');
  const kernel = new Float32Array(inputs * at.length);
  at.forEach((source, to) => {
    kernel[source * at.length + to] = 1;
  });
  const frozen = { useBias: false, trainable: false } as const;
  const isVector = builder.shapeOf(from.layer).length === 1 || !byChannel;
  const layer = isVector
    ? builder.add({ type: 'dense', units: at.length, ...frozen }, [flatLayer(builder, from.layer)], { kernel })
    : builder.add({ type: 'conv2d', filters: at.length, kernelSize: 1, ...frozen }, [from.layer], { kernel });
  return { layer, shape: wanted, places: image ? channelsFirstPlaces(wanted) : inOrder(wanted) };
}

const sliceReader: Reader = (operation) => {
  const starts = operation.list(1, 'starts') ?? [];
  const ends = operation.list(2, 'ends') ?? [];
  const value = operation.value(0);
  const slices = slicesOf(withBatch(value.shape), starts, ends, operation.list(3, 'axes'), operation.list(4, 'steps'));
  return slices.reduce((x, { axis, begin, step, count }, i) => {
    if (axis > 0) return slice(operation, x, axis - 1, begin, step, count);
    if (starts[i] === 0 && !(ends[i]! < 2 ** 31 - 1) && step === 1) return x;
    throw new Unsupported('a part of the batch');
  }, value);
};

const concat: Reader = (operation) => {
  const { builder, operands } = operation;
  if (operands.some((operand) => !operand || isConstant(operand))) throw new Unsupported('with a constant');
  const values = operands.map((_, i) => operation.value(i));
  const [first] = values as [Value];
  const rank = first.shape.length;
  if (values.some(({ shape }) => shape.length !== rank)) throw new Unsupported('of inputs of different ranks');
  const axis = axisIn(operation.integer('axis', 1), rank + 1) - 1;
  if (axis < 0) throw new Unsupported('of the batch');
  if (values.length === 1) return first;
  const shape = first.shape.map((n, i) =>
    i === axis ? values.reduce((sum, value) => sum + value.shape[axis]!, 0) : n,
  );
  if (rank === 1) {
    const flat = values.map((value) => flatLayer(builder, value.layer));
    let begin = 0;
    const places = values.flatMap((value, i) => {
      const own = Array.from(value.places, (place) => begin + place);
      begin += elementsIn(builder.shapeOf(flat[i]!));
      return own;
    });
    return { layer: builder.add({ type: 'concatenate' }, flat), shape, places: Int32Array.from(places) };
  }
  const image = rank === 3 && values.some(isChannelsFirst);
  const own = values.map((value) => (image ? asImage(builder, value) : asOrdered(builder, value)));
  // Axis of the layer, including the batch: [rows, 1, units] for two axes.
  const at = image ? [3, 1, 2][axis]! : rank === 2 ? [1, 3][axis]! : axis + 1;
  const layer = builder.add(
    { type: 'concatenate', axis: at },
    own.map((value) => value.layer),
  );
  return { layer, shape, places: image ? channelsFirstPlaces(shape) : inOrder(shape) };
};

const pad: Reader = (operation) => {
  const mode = operation.text('mode', 'constant');
  const pads = operation.list(1, 'pads') ?? [...operation.integers('paddings', [])];
  const value = operation.optional(2)?.data[0] ?? operation.number('value', 0);
  const axes = operation.optional(3);
  const image = asImage(operation.builder, operation.value(0));
  if (mode !== 'constant') throw new Unsupported(`mode ${mode}`);
  if (axes || pads.length !== 8) throw new Unsupported(`of ${pads.length / 2} axes`);
  const [batch, channels, top, left, batchEnd, channelsEnd, bottom, right] = pads as [number, ...number[]];
  if ([batch, channels, batchEnd, channelsEnd].some((n) => n !== 0))
    throw new Unsupported('of the batch or the channels');
  // Padding with a constant: subtract it, pad with zeros, and add it again.
  const { builder } = operation;
  const less = affine(builder, image, [1], [-value]);
  return affine(builder, bordered(operation, less, [top!, left!, bottom!, right!]), [1], [value]);
};

export const shapeReaders: Record<string, Reader> = {
  Identity: same,
  Cast: (operation) => {
    const to = operation.integer('to', 1);
    if (!isFloatType(to)) throw new Unsupported('to integers');
    return operation.pending(0);
  },
  Dropout: (operation) => {
    if (operation.optional(2)?.data[0]) throw new Unsupported('in training');
    return operation.pending(0);
  },
  Shape: (operation): Constant => {
    const shape = withBatch(operation.pending(0).shape);
    const { attributes } = operation.node;
    return integers(shape.slice(operation.integer('start', 0), attributes.get('end')?.integer));
  },
  Reshape: (operation) => {
    const target = operation.list(1, 'shape') ?? [];
    const value = operation.value(0);
    return reshaped(value, targetOf(value, target, operation.batch, operation.integer('allowzero', 0) === 1));
  },
  Flatten: (operation) => {
    const value = operation.value(0);
    const rank = value.shape.length + 1;
    const axis = operation.integer('axis', 1);
    if ((axis < 0 ? axis + rank : axis) !== 1) throw new Unsupported('merges the batch with other axes');
    return reshaped(value, [elementsIn(value.shape)]);
  },
  Squeeze: (operation) => {
    const value = operation.value(0);
    const axes = operation.list(1, 'axes');
    const shape = squeezed(withBatch(value.shape), axes);
    if (!Number.isNaN(shape[0]!)) throw new Unsupported('of the batch');
    return reshaped(value, shape.slice(1));
  },
  Unsqueeze: (operation) => {
    const value = operation.value(0);
    const shape = unsqueezed(withBatch(value.shape), operation.list(1, 'axes') ?? []);
    if (!Number.isNaN(shape[0]!)) throw new Unsupported('before the batch');
    return reshaped(value, shape.slice(1));
  },
  Transpose: transpose,
  Slice: sliceReader,
  Concat: concat,
  Split: split,
  Pad: pad,
  Expand: (operation) => {
    const value = operation.pending(0);
    const target = [...operation.constant(1).data].slice(1);
    const fits = target.length === value.shape.length && target.every((n, i) => n === 1 || n === value.shape[i]);
    if (!fits) throw new Unsupported('to a larger shape');
    return value;
  },
  Gather: (operation) => {
    const indices = operation.constant(1);
    const value = operation.value(0);
    const axis = axisIn(operation.integer('axis', 0), value.shape.length + 1) - 1;
    if (axis < 0) throw new Unsupported('of the batch');
    const places = [...indices.data].map((i) => axisIn(i, value.shape[axis]!));
    const found = picked(operation, value, axis, places);
    return reshaped(found, [...value.shape.slice(0, axis), ...indices.shape, ...value.shape.slice(axis + 1)]);
  },
};

/** Splits a value along an axis. */
function split(operation: Operation): Value[] {
  const value = settled(operation.builder, operation.pending(0));
  const axis = axisIn(operation.integer('axis', 0), value.shape.length + 1) - 1;
  if (axis < 0) throw new Unsupported('of the batch');
  const count = operation.node.outputs.length;
  const n = value.shape[axis]!;
  const even = Math.ceil(n / count);
  const sizes = operation.list(1, 'split') ?? Array.from({ length: count }, (_, i) => Math.min(even, n - i * even));
  let begin = 0;
  return sizes.map((size) => {
    const part = slice(operation, value, axis, begin, 1, size);
    begin += size;
    return part;
  });
}
