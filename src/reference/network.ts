import type { CompiledLayer, CompiledModel } from '../model/graph.ts';
import type { FilledLoss } from '../model/losses/index.ts';
import { product } from '../product.ts';
import { activate, activationBackward, isUnfused } from './activation.ts';
import type { Numbers, TwinInput } from './layer_twin.ts';
import { twinOf } from './layers/index.ts';
import { lossTwin } from './losses/index.ts';
import { gradientNorm } from './norm.ts';
import { regularize, weightPenalty } from './regularizer.ts';

export interface NetworkGradients {
  /** Mean over the real samples, plus the layers' penalties. */
  loss: number;
  /**
   * For classes, the number of real samples whose largest probability is the label's; for independent probabilities, the number of
   * correct ones.
   */
  correct: number;
  /** Sum of the mean |output - target| over the real samples. */
  absoluteError: number;
  /** The model's output, [batch, outputs]. */
  probabilities: Float64Array;
  /** Gradients of the trained tensors, in Keras' order and layout. */
  gradients: Float64Array[];
  /** For each measured layer, the norm over all its tensors. */
  gradientNorms: Record<string, number>;
  /**
   * For each measured layer and only for real samples: its output, or that of a pool that follows directly, and the gradient of the
   * loss with respect to its output before activation and pool.
   */
  layers: Record<string, { values: Float64Array; deltas: Float64Array }>;
  /** Mean and variance of the batch for each batch normalization, by the layer's index; for a frozen layer the moving ones. */
  statistics: Record<number, { mean: Numbers; variance: Numbers }>;
}

/** The inputs and outputs of a layer. */
interface Pass {
  layer: CompiledLayer;
  given: TwinInput;
  /** Values before and after the layer's activation. */
  z: Float64Array;
  y: Float64Array;
  kept: unknown;
}

/** Default key of random numbers: the first step of the first epoch. */
const firstStep = { seed: 0, epoch: 0, start: 0 };

/** For each final activation, a loss that computes the model's output from the logits. */
const endings: Record<CompiledModel['lossActivation'], FilledLoss> = {
  softmax: { type: 'sparseCategoricalCrossentropy', labelSmoothing: 0 },
  sigmoid: { type: 'binaryCrossentropy', labelSmoothing: 0 },
  linear: { type: 'meanSquaredError' },
};

/**
 * The outputs [batch, outputs] of unaugmented images [batch, height, width, channels]: class probabilities if the model ends in
 * softmax. `weights` are in Keras' order and layout.
 */
export function networkProbabilities(model: CompiledModel, weights: readonly Numbers[], images: Numbers): Float64Array {
  const batch = batchOf(model, images);
  const z = forward(model, weights, images, { count: batch, mode: 'infer', state: firstStep })[model.output]!.y;
  const size = { batch, outputs: z.length / batch, count: 0 };
  return lossTwin(endings[model.lossActivation], size, { z, targets: z }).p;
}

/**
 * Loss and gradients of a batch. There may be more images than labels: the excess images are empty slots of a short batch and
 * contribute nothing. `targets` [labels, outputs], soft labels or numbers, replace the labels if given.
 *
 * @param loss default: the one that fits the model's final activation; the model was compiled for it.
 * @param sampleWeights one per label.
 */
export function networkGradients(
  model: CompiledModel,
  weights: readonly Numbers[],
  images: Numbers,
  labels: Numbers,
  targets?: Numbers,
  state: TwinInput['state'] = firstStep,
  loss: FilledLoss = endings[model.lossActivation],
  sampleWeights?: Numbers,
): NetworkGradients {
  const batch = batchOf(model, images);
  const count = labels.length;
  const passes = forward(model, weights, images, { count, mode: 'train', state });
  const z = passes[model.output]!.y;
  const size = { batch, outputs: z.length / batch, count };
  const {
    dz,
    correct,
    absoluteError,
    p,
    loss: sum,
  } = lossTwin(loss, size, { z, labels, targets, weights: sampleWeights });
  const { deltas, tensors } = backward(model, passes, dz);
  const real = (values: Float64Array) => values.slice(0, (values.length / batch) * count);

  const trained = [...model.tensors.entries()].filter(([, { spec }]) => spec.trainable);
  const gradients = trained.map(([t, { layer, spec }]) =>
    regularize(spec, { dw: tensors[layer]![spec.name]!, w: weights[t]! }),
  );
  const gradientNorms: Record<string, number> = {};
  const layers: NetworkGradients['layers'] = {};
  for (const { name, layer, values, tensors: own } of model.measured) {
    gradientNorms[name] = gradientNorm(...own.map(({ index }) => gradients[index]!)).norm;
    layers[name] = { values: real(passes[values]!.y), deltas: real(deltas[layer]!) };
  }
  const statistics = Object.fromEntries(
    passes.flatMap(({ given, kept }, index) =>
      'movingMean' in given.tensors ? [[index, kept as NetworkGradients['statistics'][number]]] : [],
    ),
  );
  const penalties = trained.map(([t, { spec }]) => weightPenalty(spec, weights[t]!));
  const penalty = penalties.reduce((sum, value) => sum + value, 0);
  return {
    loss: sum / count + penalty,
    correct,
    absoluteError,
    probabilities: p,
    gradients,
    gradientNorms,
    layers,
    statistics,
  };
}

/** The forward and backward pass of one sample. */
export interface SampleGradients {
  loss: number;
  /** The model's output. */
  outputs: Float64Array;
  /** For every layer, by name: its output, and the gradient with respect to its output before its activation. */
  layers: Record<string, { values: Float64Array; deltas: Float64Array }>;
  /** [height, width, channels]. */
  imageGradient: Float64Array;
  /** Gradients of the trained tensors, in Keras' order and layout. */
  gradients: Float64Array[];
}

/**
 * Computes a sample as in inference, with the gradients of its loss or of one of the outputs before softmax or sigmoid.
 *
 * @param label class, or the target values; `{ output }` for the gradients of an output.
 */
export function sampleGradients(
  model: CompiledModel,
  weights: readonly Numbers[],
  image: Numbers,
  label: number | Numbers | { output: number },
  loss: FilledLoss = endings[model.lossActivation],
): SampleGradients {
  const passes = forward(model, weights, image, { count: 1, mode: 'infer', state: firstStep });
  const z = passes[model.output]!.y;
  const size = { batch: 1, outputs: z.length, count: 1 };
  const isOutput = typeof label === 'object' && 'output' in label;
  const targets = typeof label === 'number' ? undefined : isOutput ? new Float64Array(z.length) : label;
  const labels = typeof label === 'number' || isOutput ? [typeof label === 'number' ? label : 0] : undefined;
  const found = lossTwin(loss, size, { z, labels, targets: isOutput && labels ? undefined : targets });
  const dz = isOutput ? Float64Array.from(z, (_, i) => Number(i === label.output)) : found.dz;
  const { deltas, tensors, images } = backward(model, passes, dz);
  const trained = [...model.tensors.entries()].filter(([, { spec }]) => spec.trainable);
  const penalties = trained.map(([t, { spec }]) => weightPenalty(spec, weights[t]!));
  return {
    loss: penalties.reduce((sum, value) => sum + value, found.loss),
    outputs: found.p,
    layers: Object.fromEntries(
      model.order.map((i) => [model.layers[i]!.name, { values: passes[i]!.y, deltas: deltas[i]! }]),
    ),
    imageGradient: images,
    gradients: trained.map(([t, { layer, spec }]) =>
      regularize(spec, { dw: tensors[layer]![spec.name]!, w: weights[t]! }),
    ),
  };
}

function batchOf({ inputShape: [height, width, channels] }: CompiledModel, images: Numbers): number {
  return images.length / (height * width * channels);
}

/** The output of each layer, by its index in the model's list. */
function forward(
  model: CompiledModel,
  weights: readonly Numbers[],
  images: Numbers,
  how: Pick<TwinInput, 'count' | 'mode' | 'state'>,
): Pass[] {
  const batch = batchOf(model, images);
  const first = Float64Array.from(images);
  const passes: Pass[] = [];
  for (const index of model.order) {
    const layer = model.layers[index]!;
    const inputs = layer.inputs.map((i) => (i < 0 ? first : passes[i]!.y));
    const tensors: Record<string, Numbers> = {};
    model.tensors.forEach(({ layer, spec }, t) => {
      if (layer === index) tensors[spec.name] = weights[t]!;
    });
    const given = { batch, ...how, index, inputs, tensors };
    const { z, kept } = twinOf(layer.type).forward(layer as never, given);
    passes[index] = { layer, given, z, y: z.map((value) => activate(layer.activation, value)), kept };
  }
  return passes;
}

/** By layer index, the gradient before its activation and the gradients of its tensors; and the gradient of the images. */
function backward({ order, output, inputShape }: CompiledModel, passes: readonly Pass[], dz: Float64Array) {
  const dy = passes.map(({ y }) => new Float64Array(y.length));
  dy[output]!.set(dz);
  const deltas: Float64Array[] = [];
  const tensors: Record<string, Float64Array>[] = [];
  const batch = passes[output]!.given.batch;
  const images = new Float64Array(batch * product(inputShape));
  for (const index of [...order].reverse()) {
    const { layer, given, z, y, kept } = passes[index]!;
    const { activation } = layer;
    const made = isUnfused(activation) ? z : y;
    const delta = activationBackward({ elements: y.length, activation }, { made, dy: dy[index]! }).dx;
    const gradients = twinOf(layer.type).backward(layer as never, { ...given, kept }, delta);
    deltas[index] = delta;
    tensors[index] = gradients.tensors ?? {};
    layer.inputs.forEach((from, i) => {
      const sum = from < 0 ? images : dy[from]!;
      gradients.dx[i]!.forEach((value, at) => {
        sum[at]! += value;
      });
    });
  }
  return { deltas, tensors, images };
}
