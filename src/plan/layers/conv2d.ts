import type { Traits } from '../../gpu/device.ts';
import type { Activation } from '../../kernels/activation.ts';
import {
  type Conv2dShape,
  conv2dBackwardW,
  conv2dBackwardWNarrow,
  conv2dBackwardX,
  conv2dForward,
  conv2dForwardNarrow,
  filterGradientTiles,
} from '../../kernels/conv2d.ts';
import { maxPoolBackward } from '../../kernels/max_pool.ts';
import { sumParts } from '../../kernels/step.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { product } from '../../model/layer.ts';
import type { Lowering } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';
import { poolShape } from './max_pooling2d.ts';

/** Tiles of a filter gradient that keep an adapter busy; with fewer, the sum over the batch is cut into parts. */
const busyTiles = { software: 64, hardware: 4096 };

/** A convolution with a 2x2 pool after it is one dispatch each way. */
export const lowerConv2d: Lowering<'conv2d'> = (layer, context) => {
  const { pool } = context.fused;
  const [x] = context.inputs as [(typeof context.inputs)[0]];
  const shape = convolutionShape(layer, pool !== undefined, x.activation, context.batch, context.traits);
  const kernel = context.tensor('kernel')!;
  const bias = context.tensor('bias');
  const out = (pool ?? layer).outputShape;
  const value = context.value(out, shape.activation);
  const won = pool && context.kept('won', (context.batch * product(out)) / 4);
  const rows = shape.kernelHeight * shape.kernelWidth * shape.inChannels;
  // A layer without a bias gets memory that nobody reads.
  const none = bias ? undefined : context.kept('no_bias', shape.outChannels * shape.parts);
  context.forward(rows <= 9 ? conv2dForwardNarrow : conv2dForward, shape, {
    x: x.ref,
    w: kernel.w,
    b: bias?.w ?? none!,
    y: value.ref,
    ...(won && { won }),
  });

  const backward = (dy: BufferRef) => {
    if (kernel.dw) {
      const wKernel = shape.inChannels % 4 === 0 ? conv2dBackwardW : conv2dBackwardWNarrow;
      const inputs = { x: x.ref, dy, ...(won && { won }) };
      const [dw, db] = [kernel.dw, bias?.dw ?? none!];
      if (shape.parts > 1) {
        const dwParts = context.scratch('dw_parts', shape.parts * rows * shape.outChannels);
        const dbParts = context.scratch('db_parts', shape.parts * shape.outChannels);
        context.backward(wKernel, shape, { ...inputs, dw: dwParts, db: dbParts });
        const sum = { parts: shape.parts, weights: rows * shape.outChannels, biases: shape.outChannels };
        context.backward(sumParts, sum, { dw_parts: dwParts, db_parts: dbParts, dw, db });
      } else {
        context.backward(wKernel, shape, { ...inputs, dw, db });
      }
    }
    const target = context.gradient(0);
    if (!target) return;
    let whole = dy;
    // A row or column that no window of the pool holds has no gradient: dz leaves it out.
    const [outHeight, outWidth] = pool ? [2 * out[0]!, 2 * out[1]!] : layer.outputShape;
    const inner = { ...shape, inActivation: target.activation, outHeight: outHeight!, outWidth: outWidth! };
    if (won) {
      whole = context.scratch('dz', context.batch * inner.outHeight * inner.outWidth * shape.outChannels);
      const held = { ...poolShape(pool!, context.batch), inHeight: inner.outHeight, inWidth: inner.outWidth };
      context.backward(maxPoolBackward, held, { dy, won, dx: whole });
    }
    context.backward(conv2dBackwardX, inner, {
      w: kernel.w,
      dy: whole,
      dx: target.dx,
      ...(target.activation !== 'linear' && { x: x.ref }),
    });
  };
  return { value, backward };
};

function convolutionShape(
  layer: CompiledNode<'conv2d'>,
  pooled: boolean,
  inActivation: Activation,
  batch: number,
  { software }: Traits,
): Conv2dShape {
  const { window, strides, pad } = layer.details;
  const shape: Conv2dShape = {
    batch,
    inHeight: layer.inputShape[0]!,
    inWidth: layer.inputShape[1]!,
    inChannels: layer.inputShape[2]!,
    outHeight: layer.outputShape[0]!,
    outWidth: layer.outputShape[1]!,
    outChannels: layer.config.filters,
    kernelHeight: window[0],
    kernelWidth: window[1],
    strideY: strides[0],
    strideX: strides[1],
    padTop: pad[0],
    padLeft: pad[1],
    useBias: layer.config.useBias,
    activation: layer.activation,
    inActivation,
    pooled,
    parts: 1,
  };
  const busy = software ? busyTiles.software : busyTiles.hardware;
  return { ...shape, parts: Math.max(1, Math.min(batch, Math.ceil(busy / filterGradientTiles(shape)))) };
}
