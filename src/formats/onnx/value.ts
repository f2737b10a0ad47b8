import { allowedElements, elementsIn, gathered, stridesOf, Unsupported } from './constant.ts';
import type { NetworkBuilder } from './network_builder.ts';

/**
 * The output of a graph node, and where the network stores it. ONNX' images are [channels, height, width], wgrad's [height, width,
 * channels]. No data is moved; `places` maps the node's elements to the layer's.
 */
export interface Value {
  /** Index of the layer; -1 for the images. */
  layer: number;
  /** ONNX' shape, without the batch. */
  shape: readonly number[];
  /** For each element in ONNX' order, its index in the layer's output. */
  places: Int32Array;
  /** Set if the value is an elementwise function of the layer's output that no layer computes yet. */
  pending?: Pending;
}

export interface Pending {
  f: (x: number) => number;
  /** Creates the layers that compute it. @throws Unsupported */
  emit: () => Value;
}

const layouts = new Map<string, Int32Array>();
/** The places of a tensor whose axes are in another order. Arrays are cached, so that most comparisons are by reference. */
export function placesOf(shape: readonly number[], strides: readonly number[]): Int32Array {
  const key = `${shape.join()};${strides.join()}`;
  let places = layouts.get(key);
  if (!places) {
    if (layouts.size > 200) layouts.clear();
    places = gathered(shape, strides);
    layouts.set(key, places);
  }
  return places;
}

export const inOrder = (shape: readonly number[]): Int32Array => placesOf([elementsIn(shape)], [1]);
/** The places of [channels, height, width] in an image [height, width, channels]. */
export const channelsFirstPlaces = ([channels, height, width]: readonly number[]): Int32Array =>
  placesOf([channels!, height!, width!], [1, width! * channels!, channels!]);

export const samePlaces = (a: Int32Array, b: Int32Array): boolean =>
  a === b || (a.length === b.length && a.every((place, i) => place === b[i]));

/** Maximum number of elements reordered with a dense layer, whose kernel has the square of it. */
const mostMoved = 2048;

/** Reorders the elements of a value; `order` has for each result element its index in the given value. */
export const moved = (value: Value, shape: readonly number[], order: Int32Array): Value => ({
  layer: value.layer,
  shape,
  places: Int32Array.from(order, (at) => value.places[at]!),
});

export const reshaped = (value: Value, shape: readonly number[]): Value => ({ ...value, shape });

/** Permutes the axes. */
export function transposed(value: Value, order: readonly number[]): Value {
  const strides = stridesOf(value.shape);
  const shape = order.map((axis) => value.shape[axis]!);
  return moved(
    value,
    shape,
    placesOf(
      shape,
      order.map((axis) => strides[axis]!),
    ),
  );
}

/**
 * The value as the output of a layer of the shape `storage`, with its elements at `places`. Usually they are already there, or a
 * reshape is enough; otherwise a frozen layer of zeros and ones moves them, if they are few.
 */
export function arranged(builder: NetworkBuilder, value: Value, storage: readonly number[], places: Int32Array): Value {
  allowedElements(storage);
  let { layer } = value;
  if (!samePlaces(value.places, places)) {
    const n = places.length;
    const channels = movedChannels(builder.shapeOf(layer), value.places, storage, places);
    if (channels) {
      const filters = channels.length;
      const kernel = new Float32Array(filters * filters);
      channels.forEach((from, to) => {
        kernel[from * filters + to] = 1;
      });
      const options = { type: 'conv2d', filters, kernelSize: 1, useBias: false, trainable: false } as const;
      return { layer: builder.add(options, [layer], { kernel }), shape: value.shape, places };
    }
    if (n > mostMoved || elementsIn(builder.shapeOf(layer)) !== n) {
      throw new Unsupported('numbers in another order than a layer of wgrad gives them');
    }
    const kernel = new Float32Array(n * n);
    for (let i = 0; i < n; i++) kernel[value.places[i]! * n + places[i]!] = 1;
    const options = { type: 'dense', units: n, useBias: false, trainable: false } as const;
    layer = builder.add(options, [flatLayer(builder, layer)], { kernel });
  }
  return { layer: inStorage(builder, layer, storage), shape: value.shape, places };
}

/** The source of each channel if only channels move and pixels stay: a channel shuffle. */
function movedChannels(
  own: readonly number[],
  from: Int32Array,
  storage: readonly number[],
  to: Int32Array,
): number[] | undefined {
  const channels = own[2];
  if (channels === undefined || own.join() !== storage.join()) return undefined;
  const sources: number[] = [];
  const alike = to.every((place, i) => {
    const [source, channel] = [from[i]! % channels, place % channels];
    sources[channel] ??= source;
    return sources[channel] === source && from[i]! - source === place - channel;
  });
  return alike ? sources : undefined;
}

/** Reorders one number per element of a value to the order of its layer; layer elements that the value doesn't use get zeros. */
export function inLayerOrder({ places }: Value, data: ArrayLike<number>, size = data.length): Float64Array {
  const ordered = new Float64Array(size);
  places.forEach((place, i) => {
    ordered[place] = data[i]!;
  });
  return ordered;
}

/** Makes a layer return a vector; a global pool does that with an option. */
export function flatLayer(builder: NetworkBuilder, layer: number): number {
  return builder.shapeOf(layer).length === 1 ? layer : inStorage(builder, layer, [elementsIn(builder.shapeOf(layer))]);
}

function inStorage(builder: NetworkBuilder, layer: number, storage: readonly number[]): number {
  if (builder.shapeOf(layer).join() === storage.join()) return layer;
  const made = builder.layers[layer];
  if (storage.length === 1 && made && 'keepdims' in made.config && made.config.keepdims) {
    const { keepdims, ...options } = made.config;
    return builder.add(options, made.inputs);
  }
  if (storage.length === 1) return builder.add({ type: 'flatten' }, [layer]);
  return builder.add({ type: 'reshape', targetShape: [...storage] }, [layer]);
}

/** The value as an image in ONNX' layout [channels, height, width]. */
export function asImage(builder: NetworkBuilder, value: Value): Value {
  if (value.shape.length !== 3) {
    throw new Unsupported(`of [batch, ${value.shape.join(', ')}] and not [batch, channels, height, width]`);
  }
  const [channels, height, width] = value.shape as [number, number, number];
  return arranged(builder, value, [height, width, channels], channelsFirstPlaces(value.shape));
}

export const isChannelsFirst = (value: Value): boolean =>
  value.shape.length === 3 && samePlaces(value.places, channelsFirstPlaces(value.shape));

/** The value in ONNX' order: [units], [rows, 1, units] or [height, width, channels]. */
export function asOrdered(builder: NetworkBuilder, value: Value): Value {
  const { shape } = value;
  if (shape.length > 3) throw new Unsupported(`of ${shape.length} axes beside the batch`);
  const storage = shape.length === 2 ? [shape[0]!, 1, shape[1]!] : shape.length === 0 ? [1] : shape;
  return arranged(builder, value, storage, inOrder(shape));
}

/** The output of an image layer, with the shape [height, width, channels] inferred by the builder. */
export function imageOf(builder: NetworkBuilder, layer: number): Value {
  const [height, width, channels] = builder.shapeOf(layer) as [number, number, number];
  const shape = [channels, height, width];
  return { layer, shape, places: channelsFirstPlaces(shape) };
}
