import type { SampleStep } from '../../../index.ts';
import { activationName } from '../../../model/activations.ts';
import type { CompiledLayer, CompiledModel } from '../../../model/graph.ts';
import { definitionOf } from '../../../model/layers/index.ts';
import { type UnitNorm, type UnitTerms, unitTerms } from '../../../plan/layers/unit_terms.ts';
import { datasetOf, type ImageOf, imageAt, ofCurrent, type PartOfRun } from '../run/questions_worker.ts';

/** A layer on a sample's way through the network, with the gradients of its tensors. */
export interface FollowedLayer {
  layer: string;
  /** The layer's type. */
  type: string;
  /** The layer's own activation; empty for none. */
  activation: string;
  shape: number[];
  values: Float32Array;
  deltas: Float32Array;
  /** How each of its values is computed, and from how many inputs, if that can be shown. */
  made?: Made;
  tensors: FollowedTensor[];
}

/** How the values of a layer are computed. */
export interface Made {
  how: UnitTerms['how'];
  /** Number of terms per value; undefined if it varies. */
  terms: number | undefined;
  /** Whether terms are multiplied by weights, or by fixed factors. */
  hasWeights: boolean;
  hasFactors: boolean;
  hasBias: boolean;
  /** For a normalization: whether it uses moving statistics. */
  isMoving: boolean;
}

/** Norms of a tensor. */
export interface FollowedTensor {
  name: string;
  shape: number[];
  norm: number;
  gradientNorm: number;
  updateNorm: number;
}

/** A sample on its way through the run's network, forward and back. */
export interface FollowedSample
  extends Pick<SampleStep, 'loss' | 'learningRate' | 'outputs' | 'imageGradient'>,
    ImageOf {
  part: PartOfRun;
  sample: number;
  layers: FollowedLayer[];
}

/** The last sample followed, for questions about its units. */
let last: { model: CompiledModel; step: SampleStep } | undefined;

/** Follows an image of the run with the current weights; undefined if there is no such image. */
export const followedSample = (part: PartOfRun, sample: number): Promise<FollowedSample | undefined> =>
  ofCurrent(async (session) => {
    const dataset = session[part];
    if (!dataset || sample >= dataset.count) return undefined;
    const image = await imageAt(dataset, sample);
    const { trainer } = session;
    const alone = datasetOf(session, image.pixels);
    const step = await trainer.meanwhile.sampleStep(alone, image.values ?? image.label);
    last = { model: trainer.model, step };
    const { loss, learningRate, outputs, imageGradient } = step;
    return {
      ...image,
      ...{ part, sample, loss, learningRate, outputs, imageGradient },
      layers: step.layers.map((one) => followedLayer(trainer.model, step, one)),
    };
  });

function followedLayer(
  { layers }: CompiledModel,
  { tensors }: SampleStep,
  { layer, shape, values, deltas }: SampleStep['layers'][number],
): FollowedLayer {
  const node = layers.find(({ name }) => name === layer)!;
  const activation = activationName(node.activation);
  return {
    ...{ layer, type: node.type, shape, values, deltas },
    activation: activation === 'linear' && definitionOf(node.type).role !== 'activation' ? '' : activation,
    ...madeOf(node, values.length),
    tensors: tensors
      .filter((tensor) => tensor.layer === layer)
      .map(({ name, shape, values, gradient, update }) => ({
        ...{ name, shape, norm: norm(values), gradientNorm: norm(gradient), updateNorm: norm(update) },
      })),
  };
}

/** Number of units examined to determine whether all have the same number of terms. */
const looked = 9;

function madeOf(node: CompiledLayer, units: number): { made?: Made } {
  const some = Array.from({ length: looked }, (_, i) => unitTerms(node, Math.floor((i * (units - 1)) / (looked - 1))));
  const [first] = some;
  if (!first) return {};
  const isEven = some.every((unit) => unit!.terms.length === first.terms.length);
  return {
    made: {
      how: first.how,
      terms: isEven ? first.terms.length : undefined,
      hasWeights: first.terms.some(({ weight }) => weight !== undefined),
      hasFactors: first.terms.some(({ factor }) => factor !== undefined),
      hasBias: first.bias !== undefined,
      isMoving: first.norm !== undefined && first.norm.over === undefined,
    },
  };
}

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** A term of a unit, with its numbers. */
export interface ShownTerm {
  /** Row, column and channel in the input, or its index; undefined for padding. */
  at: number[] | undefined;
  /** The layer that it comes from, if there are several. */
  from?: string;
  x: number;
  /** Its weight, or a fixed factor; for a separable convolution, the product of both weights. */
  w?: number;
  product: number;
}

/** One element of a layer's output, and the terms that it is computed from. */
export interface ShownUnit {
  how: UnitTerms['how'];
  /** Shape of its input. */
  shape: number[];
  /** The largest terms. */
  terms: ShownTerm[];
  /** The remaining terms, summed. */
  others: { count: number; sum: number };
  bias?: number;
  /** For a separable convolution: each weight is the product of two. */
  isSeparable: boolean;
  /** Whether terms are multiplied by fixed factors instead of weights. */
  hasFactors: boolean;
  norm?: ShownNorm;
  /** The value before the layer's activation. */
  z: number;
}

/** The operations of a normalization on its input. */
export interface ShownNorm {
  mean: number;
  variance: number;
  epsilon: number;
  gamma?: number;
  beta?: number;
  /** Number of values in this mean and variance; undefined for moving statistics. */
  over: number | undefined;
}

const mostTerms = 9;

/** The terms of an element of a layer's output for the last sample followed; undefined if the layer isn't shown term by term. */
export async function unitOfSample(layer: string, unit: number): Promise<ShownUnit | undefined> {
  if (!last) return undefined;
  const { model, step } = last;
  const node = model.layers.find(({ name }) => name === layer);
  const made = node && unitTerms(node, unit);
  if (!made) return undefined;
  const tensor = (name: string) =>
    [...step.tensors, ...step.constants].find((one) => one.layer === layer && one.name === name)?.values;
  const inputs = node.inputs.map((index) => inputOf(model, step, index));
  const [kernel, second] = (made.kernels ?? ['kernel']).map((name) => tensor(name!));
  const terms = made.terms.map(({ input, of = 0, weight, pointwise, factor }): ShownTerm => {
    const { from, values, shape } = inputs[of]!;
    const x = input === undefined ? 0 : values[input]!;
    const w = weight === undefined ? factor : kernel![weight]! * (pointwise === undefined ? 1 : second![pointwise]!);
    const at = input === undefined ? undefined : placeOf(input, shape);
    const product = w === undefined ? x : x * w;
    return { at, ...(inputs.length > 1 && { from }), x, ...(w !== undefined && { w }), product };
  });
  const size = ({ product }: ShownTerm) => (made.how === 'largest' ? product : Math.abs(product));
  const shown = new Set([...terms].sort((a, b) => size(b) - size(a)).slice(0, mostTerms));
  const sumOf = (some: readonly ShownTerm[]) => some.reduce((sum, { product }) => sum + product, 0);
  const bias = made.bias === undefined ? undefined : tensor('bias')?.[made.bias];
  const norm = made.norm && normOf(made.norm, inputs[0]!.values, tensor);
  const z = {
    sum: () => sumOf(terms) + (bias ?? 0),
    mean: () => sumOf(terms) / terms.length,
    largest: () => Math.max(...terms.map(({ x }) => x)),
    product: () => terms.reduce((all, { x }) => all * x, 1),
    copy: () => terms[0]!.x,
    normalized: () => {
      const { mean, variance, epsilon, gamma = 1, beta = 0 } = norm!;
      return (gamma * (terms[0]!.x - mean)) / Math.sqrt(variance + epsilon) + beta;
    },
  };
  const others = terms.filter((term) => !shown.has(term));
  return {
    ...{ how: made.how, shape: inputs[0]!.shape, isSeparable: second !== undefined },
    hasFactors: made.terms.some(({ factor }) => factor !== undefined),
    terms: terms.filter((term) => shown.has(term)),
    others: { count: others.length, sum: sumOf(others) },
    ...(bias !== undefined && { bias }),
    ...(norm && { norm }),
    z: z[made.how](),
  };
}

/** A normalization's statistics and weights that apply to a unit. */
function normOf(
  { over, element, epsilon, scale, center }: UnitNorm,
  values: Float32Array,
  tensor: (name: string) => Float32Array | undefined,
): ShownNorm {
  const at = (name: string) => tensor(name)![element]!;
  const weights = { epsilon, ...(scale && { gamma: at('gamma') }), ...(center && { beta: at('beta') }) };
  if (!over) return { ...weights, mean: at('movingMean'), variance: at('movingVariance'), over: undefined };
  const mean = over.reduce((sum, i) => sum + values[i]!, 0) / over.length;
  const variance = over.reduce((sum, i) => sum + (values[i]! - mean) ** 2, 0) / over.length;
  return { ...weights, mean, variance, over: over.length };
}

const placeOf = (element: number, shape: readonly number[]): number[] => {
  const [, width, channels] = shape as [number, number?, number?];
  if (width === undefined || channels === undefined) return [element];
  return [Math.floor(element / channels / width), Math.floor(element / channels) % width, element % channels];
};

/** A layer's input: the output of another layer, or the image. */
function inputOf(model: CompiledModel, step: SampleStep, index: number) {
  let at = index;
  for (; at >= 0; at = model.layers[at]!.inputs[0]!) {
    const { name } = model.layers[at]!;
    const found = step.layers.find(({ layer }) => layer === name);
    if (found) return { from: name, values: found.values, shape: found.shape };
  }
  return { from: 'image', values: step.image, shape: [...model.inputShape] };
}
