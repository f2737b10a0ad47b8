import type { CompiledLayer, CompiledNode } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Window } from '../../model/window.ts';

/** One input of a unit. */
export interface UnitTerm {
  /** The element of the layer's input; undefined for one of the padding, which is 0. */
  input: number | undefined;
  /** The element of the layer's kernel that it is multiplied by, in a sum of products. */
  weight?: number;
}

/** How one element of a layer's output is made of elements of its input, before its activation. */
export interface UnitTerms {
  how: 'sum' | 'largest' | 'mean';
  /** Row by row, for a layer that works on images, and channel by channel within a pixel. */
  terms: UnitTerm[];
  /** [height, width, channels] of the window, or [inputs]. */
  shape: number[];
  /** The element of the bias that is added. */
  bias?: number;
}

/** The elements of an input [height, width, channels] below a window, row by row. */
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
    // Neither counts what `same` pads.
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

/** The types of layers whose units are shown term by term. */
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

/** How an element of a layer's output is made; undefined for types of layers that are not shown term by term. */
export const unitTerms = (layer: CompiledLayer, unit: number): UnitTerms | undefined =>
  (known[layer.type] as ((layer: CompiledLayer, unit: number) => UnitTerms) | undefined)?.(layer, unit);
