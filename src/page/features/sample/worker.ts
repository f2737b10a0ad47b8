import type { SampleStep } from '../../../index.ts';
import { activationName } from '../../../model/activations.ts';
import type { CompiledModel } from '../../../model/graph.ts';
import { definitionOf } from '../../../model/layers/index.ts';
import { type UnitTerms, unitTerms } from '../../../plan/layers/unit_terms.ts';
import { datasetOf, type ImageOf, imageAt, ofCurrent, type PartOfRun } from '../run/questions_worker.ts';

/** A layer on the way of a sample, with what its tensors get of it. */
export interface FollowedLayer {
  layer: string;
  /** Its type. */
  type: string;
  /** Of the layer itself; empty for none. */
  activation: string;
  shape: number[];
  values: Float32Array;
  deltas: Float32Array;
  /** How each of its values is made, where that is shown: of how many inputs. */
  made?: { how: UnitTerms['how']; terms: number; hasBias: boolean };
  tensors: FollowedTensor[];
}

/** Norms of a tensor. */
export interface FollowedTensor {
  name: string;
  shape: number[];
  norm: number;
  gradientNorm: number;
  updateNorm: number;
}

/** A sample on its way through the network of the run, and back. */
export interface FollowedSample
  extends Pick<SampleStep, 'loss' | 'learningRate' | 'outputs' | 'imageGradient'>,
    ImageOf {
  part: PartOfRun;
  sample: number;
  layers: FollowedLayer[];
}

/** What was followed last, for questions about its units. */
let last: { model: CompiledModel; step: SampleStep } | undefined;

/** Follows an image of the run at the weights of now; undefined where there is no such image. */
export const followedSample = (part: PartOfRun, sample: number): Promise<FollowedSample | undefined> =>
  ofCurrent(async (session) => {
    const dataset = session[part];
    if (!dataset || sample >= dataset.count) return undefined;
    const image = imageAt(dataset, sample);
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
  const terms = unitTerms(node, 0);
  const activation = activationName(node.activation);
  return {
    ...{ layer, type: node.type, shape, values, deltas },
    activation: activation === 'linear' && definitionOf(node.type).role !== 'activation' ? '' : activation,
    ...(terms && { made: { how: terms.how, terms: terms.terms.length, hasBias: terms.bias !== undefined } }),
    tensors: tensors
      .filter((tensor) => tensor.layer === layer)
      .map(({ name, shape, values, gradient, update }) => ({
        ...{ name, shape, norm: norm(values), gradientNorm: norm(gradient), updateNorm: norm(update) },
      })),
  };
}

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** A term of a unit, with its numbers. */
export interface ShownTerm {
  /** Row, column and channel of the input, or its number; undefined for the padding. */
  at: number[] | undefined;
  x: number;
  w?: number;
  product: number;
}

/** One element of a layer's output, and what makes it. */
export interface ShownUnit {
  how: UnitTerms['how'];
  /** The layer that its inputs come from; empty for the image. */
  from: string;
  /** Of its input. */
  shape: number[];
  /** Those that count most. */
  terms: ShownTerm[];
  /** The others, all together. */
  others: { count: number; sum: number };
  bias?: number;
  /** Before the layer's activation. */
  z: number;
}

const mostTerms = 9;

/** What makes an element of a layer of the sample that was followed last; undefined where it isn't shown term by term. */
export async function unitOfSample(layer: string, unit: number): Promise<ShownUnit | undefined> {
  if (!last) return undefined;
  const { model, step } = last;
  const node = model.layers.find(({ name }) => name === layer);
  const made = node && unitTerms(node, unit);
  if (!made) return undefined;
  const tensor = (name: string) => step.tensors.find((one) => one.layer === layer && one.name === name)?.values;
  const { from, values, shape } = inputOf(model, step, node.inputs[0]!);
  const kernel = tensor('kernel');
  const terms = made.terms.map(({ input, weight }): ShownTerm => {
    const x = input === undefined ? 0 : values[input]!;
    const w = weight === undefined ? undefined : kernel?.[weight];
    const at = input === undefined ? undefined : placeOf(input, shape);
    return { at, x, ...(w !== undefined && { w }), product: w === undefined ? x : x * w };
  });
  const size = ({ product }: ShownTerm) => (made.how === 'largest' ? product : Math.abs(product));
  const shown = new Set([...terms].sort((a, b) => size(b) - size(a)).slice(0, mostTerms));
  const sumOf = (some: readonly ShownTerm[]) => some.reduce((sum, { product }) => sum + product, 0);
  const bias = made.bias === undefined ? undefined : tensor('bias')?.[made.bias];
  const z = {
    sum: () => sumOf(terms) + (bias ?? 0),
    mean: () => sumOf(terms) / terms.length,
    largest: () => Math.max(...terms.map(({ x }) => x)),
  };
  const others = terms.filter((term) => !shown.has(term));
  return {
    ...{ how: made.how, from, shape },
    terms: terms.filter((term) => shown.has(term)),
    others: { count: others.length, sum: sumOf(others) },
    ...(bias !== undefined && { bias }),
    z: z[made.how](),
  };
}

const placeOf = (element: number, shape: readonly number[]): number[] => {
  const [, width, channels] = shape as [number, number?, number?];
  if (width === undefined || channels === undefined) return [element];
  return [Math.floor(element / channels / width), Math.floor(element / channels) % width, element % channels];
};

/** What a layer takes: the output of a layer that computes something, or the image. */
function inputOf(model: CompiledModel, step: SampleStep, index: number) {
  let at = index;
  for (; at >= 0; at = model.layers[at]!.inputs[0]!) {
    const { name } = model.layers[at]!;
    const found = step.layers.find(({ layer }) => layer === name);
    if (found) return { from: name, values: found.values, shape: found.shape };
  }
  return { from: '', values: step.image, shape: [...model.inputShape] };
}
