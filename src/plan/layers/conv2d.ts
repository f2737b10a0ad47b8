import type { Activation } from '../../kernels/activation.ts';
import type { Conv2dShape } from '../../kernels/conv2d.ts';
import { maxPoolBackward } from '../../kernels/max_pool.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { product } from '../../product.ts';
import type { Lowering } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';
import { convolutionKernelsFor } from './loaded.ts';
import { foldNorm, planFilterGradient } from './weight_gradient.ts';
import { poolShape, windowSizes } from './window.ts';

/** A convolution followed by a 2x2 pool takes one dispatch in each direction. */
export const lowerConv2d: Lowering<'conv2d'> = (layer, context) => {
  const { x } = context;
  const { pool } = context.fused;
  const shape = convolutionShape(layer, context.activation, pool !== undefined, x.activation, context.batch);
  const kernels = convolutionKernelsFor(shape, context.traits);
  const rows = shape.kernelHeight * shape.kernelWidth * (shape.inChannels / (shape.groups ?? 1));
  const { buffers, useBias } = foldNorm(context, { rows, channels: shape.outChannels });
  const out = (pool ?? layer).outputShape;
  const value = context.value(out);
  const argmax = pool && context.kept('argmax', (context.batch * product(out)) / 4);
  const forward = { ...shape, useBias };
  context.forward(kernels.forward, forward, { x: x.ref, ...buffers, y: value.ref, ...(argmax && { argmax }) });

  const backward = (dy: BufferRef) => {
    planFilterGradient(
      context,
      kernels.backwardW,
      { ...shape, parts: kernels.parts },
      {
        inputs: { x: x.ref, dy, ...(argmax && { argmax }) },
        weights: rows * shape.outChannels,
        biases: shape.outChannels,
        kernel: 'kernel',
      },
    );
    const target = context.gradient();
    if (!target) return;
    let whole = dy;
    // Rows and columns outside every window of the pool have no gradient and are omitted from dz.
    const [outHeight, outWidth] = pool ? [2 * out[0]!, 2 * out[1]!] : layer.outputShape;
    const inner = { ...shape, inActivation: target.activation, outHeight: outHeight!, outWidth: outWidth! };
    if (argmax) {
      whole = context.scratch('dz', context.batch * inner.outHeight * inner.outWidth * shape.outChannels);
      const held = { ...poolShape(pool!, context.batch), inHeight: inner.outHeight, inWidth: inner.outWidth };
      context.backward(maxPoolBackward, held, { dy, argmax, dx: whole });
    }
    context.backward(
      kernels.backwardX,
      inner,
      {
        w: context.tensor('kernel')!.w,
        dy: whole,
        dx: target.dx,
        ...(target.activation !== 'linear' && { x: x.ref }),
      },
      argmax && { pooled: dy, argmax },
    );
  };
  return { value, backward };
};

function convolutionShape(
  layer: CompiledNode<'conv2d'>,
  activation: Activation,
  pooled: boolean,
  inActivation: Activation,
  batch: number,
): Conv2dShape {
  const { window, dilation } = layer.details;
  const { groups } = layer.config;
  return {
    batch,
    ...windowSizes(layer, layer.outputShape),
    inChannels: layer.inputShape[2]!,
    outChannels: layer.config.filters,
    kernelHeight: window[0],
    kernelWidth: window[1],
    ...(dilation.some((n) => n > 1) && { dilationY: dilation[0], dilationX: dilation[1] }),
    ...(groups > 1 && { groups }),
    useBias: layer.config.useBias,
    activation,
    inActivation,
    pooled,
    parts: 1,
  };
}
