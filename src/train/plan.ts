import type { Traits } from '../gpu/device.ts';
import type { Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Dispatch, Recording } from '../gpu/recording.ts';
import type { Activation } from '../kernels/activation.ts';
import {
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  conv2dForwardNarrow,
  filterGradientTiles,
} from '../kernels/conv2d.ts';
import { asConvolution, denseBackwardW, denseBackwardWNarrow, denseBackwardX, denseForward } from '../kernels/dense.ts';
import { type MaxPoolShape, maxPoolBackward, maxPoolForward } from '../kernels/max_pool.ts';
import { sumParts } from '../kernels/step.ts';
import { type Activations, layOutActivations } from './activations.ts';
import { elementsOf } from './initializers.ts';
import type { CompiledConv2d, CompiledDense, CompiledMaxPooling2d, CompiledModel } from './model.ts';
import { sizeOf, stagesOf } from './stages.ts';

/** The tensors of a model in arenas, and the buffers where a batch enters and leaves the network. */
export interface NetworkBuffers {
  /** Float images, [batch, height, width, channels]. */
  input: Slice;
  /** What softmax gets, [batch, classes]. */
  logits: Slice;
  /** The gradient of the loss with respect to the logits. */
  logitsGradient: Slice;
  weights: { all: Slice; tensors: Slice[] };
  gradients: { all: Slice; tensors: Slice[] };
}

/** What a layer leaves behind, in the order in which a diagnosis looks for the first number that isn't finite. */
export interface Trace {
  layer: string;
  weights: Slice[];
  output: Slice;
  gradients: Slice[];
}

/** A dense layer's input, and the gradient before its activation: what single samples' gradients are made of. */
export interface DenseFlow {
  layer: string;
  /** [batch, inputs] and [batch, outputs]. */
  x: Slice;
  dy: Slice;
  inputs: number;
  outputs: number;
  useBias: boolean;
}

/** A network's own part of a step. */
export interface Network extends NetworkBuffers {
  /** Recorded as soon as the kernels are compiled. */
  recordings: Promise<{ forward: Recording; backward: Recording }>;
  traces: Trace[];
  activations: Activations;
  dense: DenseFlow[];
}

/** What flows between layers: values, the activation that made them, and where their gradient goes. */
interface Flow {
  values: Slice;
  activation: Activation;
  /** Undefined for the images themselves: nobody asks for their gradient. */
  gradient?: Slice;
}

/** Tiles of a filter gradient that keep an adapter busy; with fewer, the sum over the batch is cut into parts. */
const busyTiles = { software: 64, hardware: 4096 };

/**
 * Lowers a model to dispatches for one batch size: one forward list, one backward list, all buffers made.
 * A convolution with a 2x2 pool behind it becomes one dispatch each way.
 */
export function planNetwork(recorder: Recorder, model: CompiledModel, batch: number): Network {
  const { memory } = recorder;
  const forward: Promise<Dispatch>[] = [];
  const backward: Promise<Dispatch>[][] = [];
  const traces: Trace[] = [];
  const denseFlows: DenseFlow[] = [];
  const tensors = model.layers.flatMap((layer) =>
    layer.weights.map((w) => ({ label: `${layer.name}.${w.name}`, elements: elementsOf(w) })),
  );
  const weights = memory.arena('weights', tensors);
  const gradients = memory.arena('gradients', tensors);
  const activations = layOutActivations(memory, model, batch);
  let nextTensor = 0;

  const storage = (label: string, elements: number) => memory.storage(label, elements);
  /** The kernel's and the bias' slices of both arenas; a layer without a bias gets memory that nobody reads. */
  const takeTensors = (layer: CompiledConv2d | CompiledDense, parts: number) => {
    const [w, b] = weights.tensors.slice(nextTensor);
    const [dw, db] = gradients.tensors.slice(nextTensor);
    nextTensor += layer.weights.length;
    const useBias = layer.weights.length === 2;
    const none = useBias ? undefined : storage(`${layer.name}.no_bias`, layer.outputShape.at(-1)! * parts);
    return { w: w!, b: useBias ? b! : none!, dw: dw!, db: useBias ? db! : none!, useBias };
  };

  const addConvolution = (
    layer: CompiledConv2d,
    pool: CompiledMaxPooling2d | undefined,
    x: Flow,
    y: Slice,
    dy: Slice,
  ) => {
    const shape = convolutionShape(layer, pool, x.activation, batch, recorder.gpu.traits);
    const { w, b, dw, db, useBias } = takeTensors(layer, shape.parts);
    const out = (pool ?? layer).outputShape;
    const won = pool && storage(`${layer.name}.won`, (batch * sizeOf(out)) / 4);
    const rows = shape.kernelHeight * shape.kernelWidth * shape.inChannels;
    const narrow = rows <= 9;
    forward.push(
      recorder.dispatch(
        narrow ? conv2dForwardNarrow : conv2dForward,
        shape,
        { x: x.values, w, b, y, ...(won && { won }) },
        layer.name,
      ),
    );

    const list: Promise<Dispatch>[] = [];
    const wKernel = shape.inChannels % 4 === 0 ? conv2dBackwardW : conv2dBackwardWNarrow;
    const inputs = { x: x.values, dy, ...(won && { won }) };
    if (shape.parts > 1) {
      const dwParts = storage(`${layer.name}.dw_parts`, shape.parts * rows * shape.outChannels);
      const dbParts = storage(`${layer.name}.db_parts`, shape.parts * shape.outChannels);
      list.push(recorder.dispatch(wKernel, shape, { ...inputs, dw: dwParts, db: dbParts }, layer.name));
      const sum = { parts: shape.parts, weights: rows * shape.outChannels, biases: shape.outChannels };
      list.push(recorder.dispatch(sumParts, sum, { dw_parts: dwParts, db_parts: dbParts, dw, db }, layer.name));
    } else {
      list.push(recorder.dispatch(wKernel, shape, { ...inputs, dw, db }, layer.name));
    }
    if (x.gradient) {
      let whole = dy;
      // A row or column that no window of the pool holds has no gradient: dz leaves it out.
      const [outHeight, outWidth] = pool ? [2 * out[0]!, 2 * out[1]!] : layer.outputShape;
      const inner = { ...shape, outHeight: outHeight!, outWidth: outWidth! };
      if (won) {
        whole = storage(`${layer.name}.dz`, batch * inner.outHeight * inner.outWidth * shape.outChannels);
        const held = { ...poolShape(pool!, batch), inHeight: inner.outHeight, inWidth: inner.outWidth };
        list.push(recorder.dispatch(maxPoolBackward, held, { dy, won, dx: whole }, layer.name));
      }
      const derivative: Record<string, Slice> = x.activation === 'linear' ? {} : { x: x.values };
      list.push(recorder.dispatch(conv2dBackwardX, inner, { w, dy: whole, dx: x.gradient, ...derivative }, layer.name));
    }
    backward.unshift(list);
    traces.push({
      layer: layer.name,
      weights: useBias ? [w, b] : [w],
      output: y,
      gradients: useBias ? [dw, db] : [dw],
    });
    return shape.activation;
  };

  const addPool = (layer: CompiledMaxPooling2d, x: Flow, y: Slice, dy: Slice | undefined) => {
    const shape = poolShape(layer, batch);
    const won = storage(`${layer.name}.won`, Math.ceil((batch * sizeOf(layer.outputShape)) / 4));
    forward.push(recorder.dispatch(maxPoolForward, shape, { x: x.values, y, won }, layer.name));
    if (dy) backward.unshift([recorder.dispatch(maxPoolBackward, shape, { dy, won, dx: x.gradient! }, layer.name)]);
  };

  const addDense = (layer: CompiledDense, x: Flow, y: Slice, dy: Slice): Activation => {
    const activation = layer.config.activation === 'softmax' ? 'linear' : layer.config.activation;
    const shape = asConvolution({
      batch,
      inputs: layer.inputShape[0]!,
      outputs: layer.config.units,
      useBias: layer.config.useBias,
      activation,
      inActivation: x.activation,
    });
    const { w, b, dw, db, useBias } = takeTensors(layer, 1);
    denseFlows.push({
      layer: layer.name,
      x: x.values,
      dy,
      inputs: layer.inputShape[0]!,
      outputs: layer.config.units,
      useBias,
    });
    forward.push(recorder.dispatch(denseForward, shape, { x: x.values, w, b, y }, layer.name));
    const wKernel = shape.inChannels % 4 === 0 ? denseBackwardW : denseBackwardWNarrow;
    const list = [recorder.dispatch(wKernel, shape, { x: x.values, dy, dw, db }, layer.name)];
    if (x.gradient) {
      const derivative: Record<string, Slice> = x.activation === 'linear' ? {} : { x: x.values };
      list.push(recorder.dispatch(denseBackwardX, shape, { w, dy, dx: x.gradient, ...derivative }, layer.name));
    }
    backward.unshift(list);
    traces.push({
      layer: layer.name,
      weights: useBias ? [w, b] : [w],
      output: y,
      gradients: useBias ? [dw, db] : [dw],
    });
    return activation;
  };

  const input = storage('input', batch * sizeOf(model.inputShape));
  let flow: Flow = { values: input, activation: 'linear' };
  for (const [i, { layer, pool }] of stagesOf(model).entries()) {
    const { y, dy } = activations.stages[i]!;
    let { activation } = flow; // what a pool lets through was made by the activation before it
    if (layer.type === 'conv2d') activation = addConvolution(layer, pool, flow, y, dy!);
    else if (layer.type === 'dense') activation = addDense(layer, flow, y, dy!);
    else addPool(layer, flow, y, dy);
    flow = { values: y, activation, gradient: dy };
  }
  const recordings = Promise.all([Promise.all(forward), Promise.all(backward.flat())]);
  return {
    input,
    logits: flow.values,
    logitsGradient: flow.gradient!,
    weights,
    gradients,
    recordings: recordings.then(([forward, backward]) => ({ forward, backward })),
    traces,
    activations,
    dense: denseFlows,
  };
}

function convolutionShape(
  layer: CompiledConv2d,
  pool: CompiledMaxPooling2d | undefined,
  inActivation: Activation,
  batch: number,
  { software }: Traits,
): Conv2dShape {
  const shape: Conv2dShape = {
    batch,
    inHeight: layer.inputShape[0]!,
    inWidth: layer.inputShape[1]!,
    inChannels: layer.inputShape[2]!,
    outHeight: layer.outputShape[0]!,
    outWidth: layer.outputShape[1]!,
    outChannels: layer.config.filters,
    kernelHeight: layer.window[0],
    kernelWidth: layer.window[1],
    strideY: layer.strides[0],
    strideX: layer.strides[1],
    padTop: layer.pad[0],
    padLeft: layer.pad[1],
    useBias: layer.config.useBias,
    activation: layer.config.activation as Activation, // softmax stands in the last, dense layer only
    inActivation,
    pooled: pool !== undefined,
    parts: 1,
  };
  const busy = software ? busyTiles.software : busyTiles.hardware;
  return { ...shape, parts: Math.max(1, Math.min(batch, Math.ceil(busy / filterGradientTiles(shape)))) };
}

function poolShape(layer: CompiledMaxPooling2d, batch: number): MaxPoolShape {
  return {
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
  };
}
