import type { Activation } from '../kernels/activation.ts';
import type { Conv2dShape } from '../kernels/conv2d.ts';
import type { DenseShape } from '../kernels/dense.ts';
import type { MaxPoolShape } from '../kernels/max_pool.ts';
import type {
  CompiledConv2d,
  CompiledDense,
  CompiledLayer,
  CompiledMaxPooling2d,
  CompiledModel,
} from '../train/model.ts';
import { conv2dBackwardW, conv2dBackwardX, conv2dForward } from './conv2d.ts';
import { denseBackwardW, denseBackwardX, denseForward } from './dense.ts';
import { maxPoolBackward, maxPoolForward } from './max_pool.ts';
import { gradientNorm } from './norm.ts';
import { l2Penalty, regularize } from './regularizer.ts';
import { softmaxCrossEntropy } from './softmax_cross_entropy.ts';

type Numbers = ArrayLike<number>;

export interface NetworkGradients {
  /** Mean over the real samples, and the layers' L2 penalties. */
  loss: number;
  /** Real samples whose largest probability is the label's. */
  hits: number;
  /** [batch, classes] */
  probabilities: Float64Array;
  /** As the weights: Keras' order and layout. */
  gradients: Float64Array[];
  /** Of each layer that has weights, its tensors together. */
  gradientNorms: Record<string, number>;
  /**
   * Of each layer that has weights, the real samples only: its output, behind its pool where one follows at once, and the
   * gradient of the loss with respect to its output before activation and pool.
   */
  layers: Record<string, { values: Float64Array; deltas: Float64Array }>;
}

interface Pass {
  layer: CompiledLayer;
  /** What goes in, and the activation that made it. */
  x: Float64Array;
  inActivation: Activation;
  y: Float64Array;
  won?: Uint8Array;
  /** Where in the weights this layer's begin. */
  weightsAt: number;
}

/**
 * The probabilities [batch, classes] of images [batch, height, width, channels], which are taken as they are. `weights`
 * are in Keras' order and layout; the model ends in a dense softmax.
 */
export function networkProbabilities(model: CompiledModel, weights: readonly Numbers[], images: Numbers): Float64Array {
  const batch = batchOf(model, images);
  const z = forward(model, weights, images).at(-1)!.y;
  return softmaxCrossEntropy({ batch, classes: z.length / batch, count: 0 }, { z, labels: [] }).p;
}

/**
 * Loss and gradients of a batch. There may be more images than labels: the images behind are a short batch's empty
 * slots, and contribute nothing. `targets`, shares of classes [labels, classes], stand for the labels where they are given.
 */
export function networkGradients(
  model: CompiledModel,
  weights: readonly Numbers[],
  images: Numbers,
  labels: Numbers,
  targets?: Numbers,
): NetworkGradients {
  const batch = batchOf(model, images);
  const classes = model.layers.at(-1)!.outputShape[0]!;
  const passes = forward(model, weights, images);
  const loss = softmaxCrossEntropy({ batch, classes, count: labels.length }, { z: passes.at(-1)!.y, labels, targets });
  const gradients: Float64Array[] = [];
  const gradientNorms: Record<string, number> = {};
  const layers: NetworkGradients['layers'] = {};
  const real = (values: Float64Array) => values.slice(0, (values.length / batch) * labels.length);
  // The gradient before the activation of the layer at hand: each layer's backward pass gives it to the one before.
  let dy = loss.dz;
  for (const [i, pass] of [...passes.entries()].reverse()) {
    const { layer } = pass;
    const behind = passes[i + 1];
    if (layer.weights.length > 0) {
      const { y } = layer.type === 'conv2d' && behind?.layer.type === 'maxPooling2d' ? behind : pass;
      layers[layer.name] = { values: real(y), deltas: real(dy) };
    }
    const { dx, tensors: ofBatch } = backward(pass, batch, weights, dy);
    const tensors = ofBatch.map((dw, t) => regularize(layer.weights[t]!.l2, { dw, w: weights[pass.weightsAt + t]! }));
    gradients.unshift(...tensors);
    if (tensors.length > 0) gradientNorms[layer.name] = gradientNorm(...tensors).norm;
    dy = dx;
  }
  const penalties = model.layers.flatMap((layer) => layer.weights).map(({ l2 }, t) => l2Penalty(l2, weights[t]!));
  const penalty = penalties.reduce((sum, value) => sum + value, 0);
  const { hits, p: probabilities } = loss;
  return { loss: loss.loss / labels.length + penalty, hits, probabilities, gradients, gradientNorms, layers };
}

function batchOf({ inputShape: [height, width, channels] }: CompiledModel, images: Numbers): number {
  return images.length / (height * width * channels);
}

/** The softmax belongs to the loss: its layer gives logits. */
function activationOf(layer: CompiledConv2d | CompiledDense): Activation {
  const { activation } = layer.config;
  return activation === 'softmax' ? 'linear' : activation;
}

function forward(model: CompiledModel, weights: readonly Numbers[], images: Numbers): Pass[] {
  const batch = batchOf(model, images);
  const passes: Pass[] = [];
  let x: Float64Array = Float64Array.from(images);
  let inActivation: Activation = 'linear';
  let weightsAt = 0;
  for (const layer of model.layers) {
    const [w, b] = weights.slice(weightsAt, weightsAt + layer.weights.length);
    const pass: Pass = { layer, x, inActivation, y: x, weightsAt };
    switch (layer.type) {
      case 'conv2d':
        pass.y = conv2dForward(convolutionShape(layer, batch, inActivation), { x, w: w!, b }).y;
        break;
      case 'dense':
        pass.y = denseForward(denseShape(layer, batch, inActivation), { x, w: w!, b }).y;
        break;
      case 'maxPooling2d':
        Object.assign(pass, maxPoolForward(poolShape(layer, batch), { x }));
        break;
    }
    passes.push(pass);
    x = pass.y;
    // What a pool lets through was made by the activation before it.
    if (layer.type === 'conv2d' || layer.type === 'dense') inActivation = activationOf(layer);
    weightsAt += layer.weights.length;
  }
  return passes;
}

function backward(
  { layer, x, inActivation, won, weightsAt }: Pass,
  batch: number,
  weights: readonly Numbers[],
  dy: Float64Array,
): { dx: Float64Array; tensors: Float64Array[] } {
  const w = weights[weightsAt]!;
  switch (layer.type) {
    case 'conv2d': {
      const s = convolutionShape(layer, batch, inActivation);
      const { dw, db } = conv2dBackwardW(s, { x, dy });
      return { dx: conv2dBackwardX(s, { w, dy, x }).dx, tensors: s.useBias ? [dw, db] : [dw] };
    }
    case 'dense': {
      const s = denseShape(layer, batch, inActivation);
      const { dw, db } = denseBackwardW(s, { x, dy });
      return { dx: denseBackwardX(s, { w, dy, x }).dx, tensors: s.useBias ? [dw, db] : [dw] };
    }
    case 'maxPooling2d':
      return { dx: maxPoolBackward(poolShape(layer, batch), { dy, won: won! }).dx, tensors: [] };
    case 'flatten':
      return { dx: dy, tensors: [] };
  }
}

const convolutionShape = (layer: CompiledConv2d, batch: number, inActivation: Activation): Conv2dShape => ({
  batch,
  inHeight: layer.inputShape[0]!,
  inWidth: layer.inputShape[1]!,
  inChannels: layer.inputShape[2]!,
  outHeight: layer.outputShape[0]!,
  outWidth: layer.outputShape[1]!,
  outChannels: layer.outputShape[2]!,
  kernelHeight: layer.window[0],
  kernelWidth: layer.window[1],
  strideY: layer.strides[0],
  strideX: layer.strides[1],
  padTop: layer.pad[0],
  padLeft: layer.pad[1],
  useBias: layer.config.useBias,
  activation: activationOf(layer),
  inActivation,
  parts: 1,
  pooled: false,
});

const poolShape = (layer: CompiledMaxPooling2d, batch: number): MaxPoolShape => ({
  batch,
  inHeight: layer.inputShape[0]!,
  inWidth: layer.inputShape[1]!,
  channels: layer.inputShape[2]!,
  outHeight: layer.outputShape[0]!,
  outWidth: layer.outputShape[1]!,
  poolHeight: layer.window[0],
  poolWidth: layer.window[1],
  strideY: layer.strides[0],
  strideX: layer.strides[1],
  padTop: layer.pad[0],
  padLeft: layer.pad[1],
});

const denseShape = (layer: CompiledDense, batch: number, inActivation: Activation): DenseShape => ({
  batch,
  inputs: layer.inputShape[0]!,
  outputs: layer.outputShape[0]!,
  useBias: layer.config.useBias,
  activation: activationOf(layer),
  inActivation,
});
