import type { CompiledLayer, CompiledNode } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Window } from '../../model/window.ts';
import { product } from '../../product.ts';

/** One input of a unit. */
export interface UnitTerm {
  /** Index of the element of the layer's input; undefined for padding, which is 0. */
  input: number | undefined;
  /** Index of the layer's input that it belongs to; the first by default. */
  of?: number;
  /** Index of the kernel element that it is multiplied by, in a sum of products. */
  weight?: number;
  /** Index of an element of a second kernel, by which the first one is multiplied. */
  pointwise?: number;
  /** A constant factor that is not trained. */
  factor?: number;
}

/** How a normalization shifts and scales its input. */
export interface UnitNorm {
  epsilon: number;
  /** The input elements over which mean and variance are taken; undefined if the layer uses moving statistics. */
  over: number[] | undefined;
  /** The element of the layer's tensors that belongs to the unit. */
  element: number;
  scale: boolean;
  center: boolean;
}

/** How one element of a layer's output is computed from elements of its inputs, before its activation. */
export interface UnitTerms {
  how: 'sum' | 'largest' | 'mean' | 'product' | 'copy' | 'normalized';
  /** Row by row for a layer that works on images, and channel by channel within a pixel. */
  terms: UnitTerm[];
  /** [height, width, channels] of the window, or [inputs]. */
  shape: number[];
  /** Names of the tensors that hold the weights; `kernel` by default. */
  kernels?: [weight: string, pointwise?: string];
  /** Index of the bias element that is added. */
  bias?: number;
  /** Present for a normalization. */
  norm?: UnitNorm;
}

/** The elements of an input [height, width, channels] within a window, row by row. */
function* below(
  [height, width, channels]: readonly number[],
  { window, strides, pad, dilation = [1, 1] }: Window & { dilation?: readonly number[] },
  [row, column]: readonly [number, number],
  [from, to]: readonly [number, number],
): Generator<number | undefined> {
  for (let ky = 0; ky < window[0]; ky++) {
    for (let kx = 0; kx < window[1]; kx++) {
      const y = row * strides[0] - pad[0] + ky * dilation[0]!;
      const x = column * strides[1] - pad[1] + kx * dilation[1]!;
      const isInside = y >= 0 && y < height! && x >= 0 && x < width!;
      for (let c = from; c < to; c++) yield isInside ? (y * width! + x) * channels! + c : undefined;
    }
  }
}

const placeOf = (unit: number, [, width, channels]: readonly number[]) => ({
  row: Math.floor(unit / channels! / width!),
  column: Math.floor(unit / channels!) % width!,
  channel: unit % channels!,
});

type TermsOf<T extends LayerType> = (layer: CompiledNode<T>, unit: number) => UnitTerms;

const ofPool =
  <T extends 'maxPooling2d' | 'averagePooling2d'>(how: 'largest' | 'mean'): TermsOf<T> =>
  ({ inputShape, outputShape, details }, unit) => {
    const { row, column, channel } = placeOf(unit, outputShape);
    const inputs = [...below(inputShape, details, [row, column], [channel, channel + 1])];
    // Padding added by `same` is counted by neither.
    const terms = inputs.flatMap((input) => (input === undefined ? [] : [{ input }]));
    return { how, terms, shape: terms.length === inputs.length ? [...details.window, 1] : [terms.length] };
  };

const ofWholeMap =
  <T extends 'globalAveragePooling2d' | 'globalMaxPooling2d'>(how: 'largest' | 'mean'): TermsOf<T> =>
  ({ inputShape: [height, width, channels] }, unit) => ({
    how,
    terms: Array.from({ length: height! * width! }, (_, i) => ({ input: i * channels! + unit })),
    shape: [height!, width!, 1],
  });

/** For layers that merge their inputs elementwise; along an axis that is broadcast, the only element is used. */
const ofMerge =
  <T extends 'add' | 'average' | 'maximum' | 'multiply'>(how: UnitTerms['how']): TermsOf<T> =>
  ({ inputShapes, outputShape }, unit) => ({
    how,
    terms: inputShapes.map((shape, of) => ({ input: elementAlong(shape, placeIn(outputShape, unit)), of })),
    shape: [inputShapes.length],
  });

/** Index along each axis. */
function placeIn(shape: readonly number[], element: number): number[] {
  const place: number[] = [];
  let rest = element;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}

const elementAlong = (shape: readonly number[], place: readonly number[]) =>
  shape.reduce((element, size, axis) => element * size + (size === 1 ? 0 : place[axis]!), 0);

/** For layers that move an input's elements to other positions, or put zeros around them. */
const copyOf = (input: number | undefined, of = 0): UnitTerms => ({ how: 'copy', terms: [{ input, of }], shape: [1] });

/** A pixel of an image, shifted by rows and columns. */
const movedPixel = (
  { inputShape: [height, width, channels], outputShape }: CompiledLayer,
  unit: number,
  [rows, columns]: readonly [number, number],
): UnitTerms => {
  const { row, column, channel } = placeOf(unit, outputShape);
  const [y, x] = [row + rows, column + columns];
  const isInside = y >= 0 && y < height! && x >= 0 && x < width!;
  return copyOf(isInside ? (y * width! + x) * channels! + channel : undefined);
};

/** The two pixels of an axis that enclose a pixel of the enlarged axis, and their weights. At the border both are the same. */
function between(at: number, factor: number, length: number): { at: number; share: number }[] {
  const place = (at + 0.5) / factor - 0.5;
  const before = Math.floor(place);
  const share = place - before;
  if (before < 0 || before + 1 >= length || share === 0) {
    return [{ at: Math.min(Math.max(Math.round(place), 0), length - 1), share: 1 }];
  }
  return [
    { at: before, share: 1 - share },
    { at: before + 1, share },
  ];
}

const normalized = (
  { epsilon, scale, center }: { epsilon: number; scale: boolean; center: boolean },
  unit: number,
  element: number,
  over?: number[],
): UnitTerms => ({
  how: 'normalized',
  terms: [{ input: unit }],
  shape: [1],
  norm: { epsilon, over, element, scale, center },
});

/** The layer types whose units can be shown term by term. */
const known: { [T in LayerType]?: TermsOf<T> } = {
  conv2d({ inputShape, outputShape, config, details }, unit) {
    const { row, column, channel } = placeOf(unit, outputShape);
    const { filters, groups, useBias } = config;
    const channels = inputShape[2]! / groups;
    const first = Math.floor(channel / (filters / groups)) * channels;
    const inputs = [...below(inputShape, details, [row, column], [first, first + channels])];
    return {
      how: 'sum',
      terms: inputs.map((input, i) => ({ input, weight: i * filters + channel })),
      shape: [...details.window, channels],
      ...(useBias && { bias: channel }),
    };
  },
  depthwiseConv2d({ inputShape, outputShape, config, details }, unit) {
    const { row, column, channel } = placeOf(unit, outputShape);
    const from = Math.floor(channel / config.depthMultiplier);
    const inputs = [...below(inputShape, details, [row, column], [from, from + 1])];
    return {
      how: 'sum',
      terms: inputs.map((input, i) => ({ input, weight: i * outputShape[2]! + channel })),
      shape: [...details.window, 1],
      kernels: ['depthwiseKernel'],
      ...(config.useBias && { bias: channel }),
    };
  },
  separableConv2d({ inputShape, outputShape, config, details }, unit) {
    const { row, column, channel } = placeOf(unit, outputShape);
    const { depthMultiplier, filters, useBias } = config;
    const inputs = [...below(inputShape, details, [row, column], [0, inputShape[2]!])];
    const terms = inputs.flatMap((input, i) =>
      Array.from({ length: depthMultiplier }, (_, m) => {
        const weight = i * depthMultiplier + m;
        return { input, weight, pointwise: (weight % details.between) * filters + channel };
      }),
    );
    return {
      how: 'sum',
      terms,
      shape: [...details.window, details.between],
      kernels: ['depthwiseKernel', 'pointwiseKernel'],
      ...(useBias && { bias: channel }),
    };
  },
  conv2dTranspose({ inputShape: [height, width, channels], outputShape, config, details }, unit) {
    const { row, column, channel } = placeOf(unit, outputShape);
    const { window, strides, dilation, pad } = details;
    // Every input pixel contributes to a window of the output; these are the pixels whose window contains this element.
    const sources = (axis: 0 | 1, at: number, size: number) =>
      Array.from({ length: window[axis] }, (_, k) => ({
        k,
        from: (at + pad[axis] - k * dilation[axis]) / strides[axis],
      })).filter(({ from }) => Number.isInteger(from) && from >= 0 && from < size);
    const [rows, columns] = [sources(0, row, height!), sources(1, column, width!)];
    const terms = rows.flatMap((y) =>
      columns.flatMap((x) =>
        Array.from({ length: channels! }, (_, c) => ({
          input: (y.from * width! + x.from) * channels! + c,
          weight: ((y.k * window[1] + x.k) * config.filters + channel) * channels! + c,
        })),
      ),
    );
    return {
      how: 'sum',
      terms,
      shape: [rows.length, columns.length, channels!],
      ...(config.useBias && { bias: channel }),
    };
  },
  batchNormalization: ({ outputShape, config }, unit) => normalized(config, unit, unit % outputShape.at(-1)!),
  layerNormalization({ config, details: { size } }, unit) {
    const first = unit - (unit % size);
    return normalized(
      config,
      unit,
      unit % size,
      Array.from({ length: size }, (_, i) => first + i),
    );
  },
  groupNormalization({ inputShape, config, details: { groups } }, unit) {
    const channels = inputShape.at(-1)!;
    const inGroup = channels / groups;
    const first = Math.floor((unit % channels) / inGroup) * inGroup;
    const over = Array.from({ length: product(inputShape) / groups }, (_, i) => {
      return Math.floor(i / inGroup) * channels + first + (i % inGroup);
    });
    return normalized(config, unit, unit % channels, over);
  },
  add: ofMerge('sum'),
  average: ofMerge('mean'),
  maximum: ofMerge('largest'),
  multiply: ofMerge('product'),
  concatenate({ inputShapes, outputShape, details: { axis } }, unit) {
    const place = placeIn(outputShape, unit);
    let of = 0;
    for (; place[axis - 1]! >= inputShapes[of]![axis - 1]!; of++) place[axis - 1]! -= inputShapes[of]![axis - 1]!;
    return copyOf(elementAlong(inputShapes[of]!, place), of);
  },
  zeroPadding2d: (layer, unit) => movedPixel(layer, unit, [-layer.details.top, -layer.details.left]),
  cropping2d: (layer, unit) => movedPixel(layer, unit, [layer.details.top, layer.details.left]),
  upSampling2d({ inputShape: [height, width, channels], outputShape, config, details }, unit) {
    const { row, column, channel } = placeOf(unit, outputShape);
    const elementOf = (y: number, x: number) => (y * width! + x) * channels! + channel;
    if (config.interpolation === 'nearest') {
      return copyOf(elementOf(Math.floor(row / details.sizeY), Math.floor(column / details.sizeX)));
    }
    const [rows, columns] = [between(row, details.sizeY, height!), between(column, details.sizeX, width!)];
    const terms = rows.flatMap((y) =>
      columns.map((x) => ({ input: elementOf(y.at, x.at), factor: y.share * x.share })),
    );
    return { how: 'sum', terms, shape: [rows.length, columns.length, 1] };
  },
  dense({ inputShape: [inputs], config: { units, useBias } }, unit) {
    return {
      how: 'sum',
      terms: Array.from({ length: inputs! }, (_, input) => ({ input, weight: input * units + unit })),
      shape: [inputs!],
      ...(useBias && { bias: unit }),
    };
  },
  maxPooling2d: ofPool('largest'),
  averagePooling2d: ofPool('mean'),
  globalMaxPooling2d: ofWholeMap('largest'),
  globalAveragePooling2d: ofWholeMap('mean'),
};

/** The terms of an element of a layer's output; undefined for layer types that can't be shown term by term. */
export const unitTerms = (layer: CompiledLayer, unit: number): UnitTerms | undefined =>
  (known[layer.type] as ((layer: CompiledLayer, unit: number) => UnitTerms) | undefined)?.(layer, unit);
