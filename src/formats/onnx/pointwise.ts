import { definitionOf } from '../../model/layers/index.ts';
import { broadcastShapes, broadcastTo, type Constant, elementsIn, Unsupported } from './constant.ts';
import { recognize } from './elementwise.ts';
import type { NetworkBuilder } from './network_builder.ts';
import {
  asImage,
  asOrdered,
  channelsFirstPlaces,
  flatLayer,
  inLayerOrder,
  inOrder,
  isChannelsFirst,
  samePlaces,
  type Value,
} from './value.ts';

type Formula = (x: number) => number;

/** The function that maps the output of the value's layer to the value. */
export const formulaOf = ({ pending }: Value): Formula => pending?.f ?? ((x) => x);

/**
 * Applies an elementwise function. Its layers are created only when a node needs the value; until then further functions are
 * composed with it.
 */
export function pointwise(value: Value, f: Formula, emit: (value: Value) => Value, builder: NetworkBuilder): Value {
  const before = formulaOf(value);
  const made = () => emit(settled(builder, value));
  return {
    layer: value.layer,
    shape: value.shape,
    places: value.places,
    pending: { f: (x) => f(before(x)), emit: made },
  };
}

const settledValues = new WeakMap<object, Value>();

/** The value as the output of a layer, which is created if there is none yet. */
export function settled(builder: NetworkBuilder, value: Value): Value {
  const { pending, layer, shape, places } = value;
  if (!pending) return value;
  const known = settledValues.get(pending);
  if (known) return { ...known, shape, places };
  const base = { layer, shape, places };
  const found = recognize(pending.f);
  const made =
    found?.kind === 'affine'
      ? affine(builder, base, [found.scale], [found.shift])
      : found
        ? activated(builder, base, found.name, found.negativeSlope)
        : pending.emit();
  settledValues.set(pending, made);
  return made;
}

export function activated(builder: NetworkBuilder, value: Value, activation: string, negativeSlope?: number): Value {
  const options = { type: 'activation', activation, ...(negativeSlope !== undefined && { negativeSlope }) } as const;
  return { ...value, layer: builder.add(options, [value.layer]) };
}

/** epsilon and 1 - epsilon, whose sum is exactly 1. */
const epsilon = 2 ** -10;

/**
 * scale * x + shift, where scale and shift are single numbers or have one number per element of the layer's output. It becomes a
 * frozen batch normalization: over the channels, or over all elements if the numbers differ within a channel.
 */
export function affine(
  builder: NetworkBuilder,
  value: Value,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
): Value {
  const isOne = (list: ArrayLike<number>, number: number) => Array.prototype.every.call(list, (x) => x === number);
  if (isOne(scale, 1) && isOne(shift, 0)) return value;
  const own = builder.shapeOf(value.layer);
  const channels = own.at(-1)!;
  const byChannel = [scale, shift].every(
    (list) => list.length === 1 || Array.prototype.every.call(list, (x, i) => Object.is(x, list[i % channels])),
  );
  const width = byChannel ? channels : elementsIn(own);
  const spread = (list: ArrayLike<number>) => Float32Array.from({ length: width }, (_, i) => list[i % list.length]!);
  const weights = {
    gamma: spread(scale),
    beta: spread(shift),
    movingMean: new Float32Array(width),
    movingVariance: new Float32Array(width).fill(1 - epsilon),
  };
  const layer = builder.add(
    { type: 'batchNormalization', epsilon, trainable: false },
    [byChannel ? value.layer : flatLayer(builder, value.layer)],
    weights,
  );
  builder.affine.add(layer);
  if (byChannel || own.length === 1) return { ...value, layer };
  return { ...value, layer: builder.add({ type: 'reshape', targetShape: [...own] }, [layer]) };
}

/** A constant, broadcast to the value, in the order of the layer's elements. */
export function alongLayer(builder: NetworkBuilder, constant: Constant, value: Value): Float64Array {
  const batch = constant.shape.length - value.shape.length;
  const own = { ...constant, shape: constant.shape.slice(Math.max(0, batch)) };
  if (constant.shape.slice(0, Math.max(0, batch)).some((n) => n !== 1))
    throw new Unsupported('a constant for each image');
  const { data } = broadcastTo(own, value.shape);
  return inLayerOrder(value, data, elementsIn(builder.shapeOf(value.layer)));
}

export const scalarOf = ({ data, shape }: Constant, value?: Value): number | undefined =>
  data.length === 1 && shape.length <= (value ? value.shape.length + 1 : Infinity) ? data[0] : undefined;

/** Merges values in one layer. */
export function merged(
  builder: NetworkBuilder,
  type: 'add' | 'multiply' | 'maximum' | 'average',
  values: readonly Value[],
): Value {
  const [first] = values as [Value];
  const storage = builder.shapeOf(first.layer).join();
  const alike = values.every(
    (value) => builder.shapeOf(value.layer).join() === storage && samePlaces(value.places, first.places),
  );
  if (alike) return { ...first, layer: layerOf(builder, type, values) };
  const shape = values.map((value) => value.shape).reduce(broadcastShapes);
  const rank = shape.length;
  const raised = values.map((value) => ({
    ...value,
    shape: [...new Array(rank - value.shape.length).fill(1), ...value.shape],
  }));
  const isImage = rank === 3 && raised.some(isChannelsFirst);
  const own = raised.map((value) => (isImage ? asImage : asOrdered)(builder, value));
  const layer = layerOf(builder, type, own);
  if (elementsIn(builder.shapeOf(layer)) !== elementsIn(shape)) throw new Unsupported('shapes that no merge layer has');
  return { layer, shape, places: isImage ? channelsFirstPlaces(shape) : inOrder(shape) };
}

function layerOf(
  builder: NetworkBuilder,
  type: 'add' | 'multiply' | 'maximum' | 'average',
  values: readonly Value[],
): number {
  const { inputs } = definitionOf(type);
  if (values.length < inputs!.least) return values[0]!.layer;
  return builder.add(
    { type },
    values.map(({ layer }) => layer),
  );
}
