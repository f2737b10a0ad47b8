import { permuted } from '../layouts.ts';
import { Unsupported } from './constant.ts';
import { floats, type Operation, type Reader } from './operation.ts';
import { affine } from './pointwise.ts';
import { resize } from './read_resize.ts';
import { asImage, imageOf, type Value } from './value.ts';

export type Pair = [number, number];

interface WindowOptions {
  window: Pair;
  strides: Pair;
  dilations: Pair;
  /** [top, left, bottom, right]. */
  pads: [number, number, number, number];
  /** Output height and width. */
  size: Pair;
}

const pairOf = (list: readonly number[], what: string): Pair => {
  if (list.length !== 2) throw new Unsupported(`${what} of ${list.length} axes and not two`);
  return list as Pair;
};

/** Number of pixels that a dilated window spans along an axis. */
const reachOf = (window: number, dilation: number) => (window - 1) * dilation + 1;

function windowOf(operation: Operation, image: Value, window: Pair): WindowOptions {
  const strides = pairOf(operation.integers('strides', [1, 1]), 'strides');
  const dilations = pairOf(operation.integers('dilations', [1, 1]), 'dilations');
  const [, height, width] = image.shape as [number, number, number];
  const given = operation.integers('pads', [0, 0, 0, 0]);
  if (given.length !== 4) throw new Unsupported(`pads of ${given.length} numbers`);
  const pads = [...given] as WindowOptions['pads'];
  const auto = operation.text('auto_pad', 'NOTSET');
  const ceil = operation.integer('ceil_mode', 0) === 1;
  const size = [height, width].map((n, axis) => {
    const stride = strides[axis]!;
    const reach = reachOf(window[axis]!, dilations[axis]!);
    if (auto.startsWith('SAME')) {
      const [less, more] = samePads(n, reach, stride);
      [pads[axis], pads[axis + 2]] = auto === 'SAME_LOWER' ? [more, less] : [less, more];
      return Math.ceil(n / stride);
    }
    if (auto === 'VALID') [pads[axis], pads[axis + 2]] = [0, 0];
    const room = (n + pads[axis]! + pads[axis + 2]! - reach) / stride;
    let count = Math.floor(room) + 1;
    // A window that would begin in the padding at the end is not counted.
    if (ceil) {
      count = Math.ceil(room) + 1;
      if ((count - 1) * stride >= n + pads[axis]!) count--;
    }
    return count;
  }) as Pair;
  if (!size.every((n) => n >= 1)) throw new Unsupported(`a window of ${window.join(' x ')} that doesn't fit`);
  return { window, strides, dilations, pads, size };
}

/** Padding of TensorFlow's `same` along an axis; the odd row or column is added at the end. */
function samePads(n: number, reach: number, stride: number): Pair {
  const all = Math.max(0, (Math.ceil(n / stride) - 1) * stride + reach - n);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

/** "valid" or "same" if they give this padding, otherwise undefined. */
function paddingOf(
  image: Value,
  { window, strides, dilations, pads, size }: WindowOptions,
): 'valid' | 'same' | undefined {
  const axes = [0, 1] as const;
  const reach = (axis: 0 | 1) => reachOf(window[axis], dilations[axis]);
  const isValid = axes.every((axis) => {
    const count = Math.floor((image.shape[axis + 1]! - reach(axis)) / strides[axis]) + 1;
    return pads[axis] === 0 && size[axis] === count;
  });
  if (isValid) return 'valid';
  const isSame = axes.every((axis) => {
    const n = image.shape[axis + 1]!;
    const [before] = samePads(n, reach(axis), strides[axis]);
    return pads[axis] === before && size[axis] === Math.ceil(n / strides[axis]);
  });
  return isSame ? 'same' : undefined;
}

/** Pads an image with rows and columns of zeros; negative numbers crop. */
export function bordered({ builder }: Operation, image: Value, [top, left, bottom, right]: readonly number[]): Value {
  const most = (n: number | undefined) => Math.max(0, n!);
  let { layer } = image;
  const sides = (sign: 1 | -1) => [
    [most(sign * top!), most(sign * bottom!)],
    [most(sign * left!), most(sign * right!)],
  ];
  const any = (sign: 1 | -1) =>
    sides(sign)
      .flat()
      .some((n) => n > 0);
  if (any(-1)) layer = builder.add({ type: 'cropping2d', cropping: sides(-1) }, [layer]);
  if (any(1)) layer = builder.add({ type: 'zeroPadding2d', padding: sides(1) }, [layer]);
  return layer === image.layer ? image : imageOf(builder, layer);
}

const strideAndDilate = ({ strides, dilations }: Pick<WindowOptions, 'strides' | 'dilations'>) =>
  Math.max(...strides) > 1 && Math.max(...dilations) > 1;

const conv: Reader = (operation) => {
  const { builder } = operation;
  const image = asImage(builder, operation.value(0));
  const kernel = operation.constant(1);
  if (kernel.shape.length !== 4) throw new Unsupported(`a kernel of ${kernel.shape.length} axes`);
  const [filters, , ...window] = kernel.shape as [number, number, number, number];
  const bias = operation.optional(2);
  const groups = operation.integer('group', 1);
  const options = windowOf(operation, image, window as Pair);
  // wgrad's layers don't support strides together with dilation. The layer computes every position, and a pool of single pixels
  // then selects those at the strides.
  const both = strideAndDilate(options);
  const padding = both ? undefined : paddingOf(image, options);
  const input = padding ? image : bordered(operation, image, options.pads);
  const result = (layer: number) =>
    imageOf(
      builder,
      both ? builder.add({ type: 'maxPooling2d', poolSize: 1, strides: options.strides }, [layer]) : layer,
    );
  const common = {
    kernelSize: options.window,
    strides: both ? 1 : options.strides,
    dilationRate: options.dilations,
    padding: padding ?? 'valid',
    useBias: bias !== undefined,
  };
  const own: Record<string, Float32Array> = bias ? { bias: floats(bias.data) } : {};
  const channels = image.shape[0]!;
  const [height, width] = options.window;
  if (groups > 1 && groups === channels && filters % channels === 0) {
    const depthMultiplier = filters / channels;
    const shape = [channels, depthMultiplier, height, width];
    const { data } = permuted(floats(kernel.data), shape, [2, 3, 0, 1]);
    const layer = builder.add({ type: 'depthwiseConv2d', depthMultiplier, ...common }, [input.layer], {
      depthwiseKernel: data,
      ...own,
    });
    return result(layer);
  }
  const { data } = permuted(floats(kernel.data), kernel.shape, [2, 3, 1, 0]);
  return result(builder.add({ type: 'conv2d', filters, groups, ...common }, [input.layer], { kernel: data, ...own }));
};

const convTranspose: Reader = (operation) => {
  const { builder } = operation;
  const image = asImage(builder, operation.value(0));
  const kernel = operation.constant(1);
  if (kernel.shape.length !== 4) throw new Unsupported(`a kernel of ${kernel.shape.length} axes`);
  const [, filters, ...window] = kernel.shape as [number, number, number, number];
  if (operation.integer('group', 1) !== 1) throw new Unsupported('in groups');
  const bias = operation.optional(2);
  const strides = pairOf(operation.integers('strides', [1, 1]), 'strides');
  const dilations = pairOf(operation.integers('dilations', [1, 1]), 'dilations');
  if (strideAndDilate({ strides, dilations })) throw new Unsupported('with strides and dilations together');
  const added = pairOf(operation.integers('output_padding', [0, 0]), 'output_padding');
  const given = operation.integers('pads', [0, 0, 0, 0]);
  const wanted = operation.integers('output_shape', []);
  const auto = operation.text('auto_pad', 'NOTSET');
  const along = ([0, 1] as const).map((axis) => {
    const n = image.shape[axis + 1]!;
    const reach = reachOf(window[axis] as number, dilations[axis]);
    const whole = (n - 1) * strides[axis] + reach;
    const target = wanted.at(axis - 2) ?? (auto.startsWith('SAME') ? n * strides[axis] : undefined);
    let [before, after] = [given[axis]!, given[axis + 2]!];
    if (target !== undefined) {
      const all = whole + added[axis] - target;
      before = auto === 'SAME_UPPER' ? Math.floor(all / 2) : Math.ceil(all / 2);
      if (auto === 'NOTSET') before = all - Math.floor(all / 2);
      after = all - before;
    }
    const size = whole + added[axis] - before - after;
    // If strides exceed the window, wgrad also returns the rows that no window reaches.
    const valid = whole + Math.max(0, strides[axis] - reach);
    const overlap = Math.max(0, reach - strides[axis]);
    const same = before === Math.floor(overlap / 2) && size === n * strides[axis];
    return { before, size, valid, same };
  });
  const isSame = along.every(({ same }) => same);
  const { data } = permuted(floats(kernel.data), kernel.shape, [2, 3, 1, 0]);
  const options = {
    type: 'conv2dTranspose',
    filters,
    kernelSize: window as Pair,
    strides,
    dilationRate: dilations,
    padding: isSame ? 'same' : 'valid',
  } as const;
  // Rows that no window reaches contain only the bias, so they are appended before it is added.
  const reached = along.every(({ before, size, valid }) => valid - before - size >= 0);
  const useBias = bias !== undefined && (isSame || reached);
  const weights: Record<string, Float32Array> = useBias ? { kernel: data, bias: floats(bias.data) } : { kernel: data };
  const layer = builder.add({ ...options, useBias }, [image.layer], weights);
  const whole = imageOf(builder, layer);
  if (isSame) return whole;
  const cut = along.map(({ before, size, valid }) => {
    if (before < 0) throw new Unsupported('with negative pads');
    return [before, valid - before - size] as const;
  });
  const [rows, columns] = cut as [Pair, Pair];
  const cutOut = bordered(operation, whole, [-rows[0], -columns[0], -rows[1], -columns[1]]);
  return bias && !useBias ? affine(builder, cutOut, [1], bias.data) : cutOut;
};

/**
 * Padding never is the maximum and is excluded from the mean. If the padding is not wgrad's "same", the pool is computed at every
 * position, and the positions that ONNX uses are selected from the result.
 */
function pool(type: 'maxPooling2d' | 'averagePooling2d'): Reader {
  return (operation) => {
    const { builder } = operation;
    const image = asImage(builder, operation.value(0));
    const window = pairOf(operation.integers('kernel_shape', []), 'kernel_shape');
    const options = windowOf(operation, image, window);
    const { strides, pads, size } = options;
    if (options.dilations.some((n) => n !== 1)) throw new Unsupported('dilated');
    const build = (input: Value, padding: 'valid' | 'same', by: Pair) =>
      imageOf(builder, builder.add({ type, poolSize: window, strides: by, padding }, [input.layer]));
    const padding = paddingOf(image, options);
    if (padding === 'valid') return build(image, padding, strides);
    if (type === 'averagePooling2d' && operation.integer('count_include_pad', 0) === 1 && pads.some((n) => n > 0)) {
      if (operation.integer('ceil_mode', 0) === 1) throw new Unsupported('ceil_mode with count_include_pad');
      return build(bordered(operation, image, pads), 'valid', strides);
    }
    if (padding) return build(image, padding, strides);
    const everywhere = build(image, 'same', [1, 1]);
    const first = ([0, 1] as const).map((axis) => Math.floor((window[axis] - 1) / 2) - pads[axis]) as Pair;
    return subsampled(operation, everywhere, first, strides, size);
  };
}

/** Takes every `strides`-th row and column, beginning at `first`. */
export function subsampled({ builder }: Operation, image: Value, first: Pair, strides: Pair, size: Pair): Value {
  const cut = ([0, 1] as const).map((axis) => {
    const after = image.shape[axis + 1]! - first[axis] - (size[axis] - 1) * strides[axis] - 1;
    if (first[axis] < 0 || after < 0) throw new Unsupported('with windows that lie in the padding alone');
    return [first[axis], after] as const;
  });
  let { layer } = image;
  if (cut.flat().some((n) => n > 0)) layer = builder.add({ type: 'cropping2d', cropping: cut }, [layer]);
  if (strides.some((n) => n > 1)) layer = builder.add({ type: 'maxPooling2d', poolSize: 1, strides }, [layer]);
  return imageOf(builder, layer);
}

export const windowReaders: Record<string, Reader> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool('maxPooling2d'),
  AveragePool: pool('averagePooling2d'),
  Resize: resize,
  Upsample: resize,
};
