import {
  asConvolution,
  denseBackwardW,
  denseBackwardWNarrow,
  denseBackwardX,
  denseForward,
} from '../../kernels/dense.ts';
import type { Lowering } from '../lowering.ts';

export const lowerDense: Lowering<'dense'> = (layer, context) => {
  const [x] = context.inputs as [(typeof context.inputs)[0]];
  const { useBias, units } = layer.config;
  const inputs = layer.inputShape[0]!;
  const { activation } = layer;
  const shape = asConvolution({
    batch: context.batch,
    inputs,
    outputs: units,
    useBias,
    activation,
    inActivation: x.activation,
  });
  const kernel = context.tensor('kernel')!;
  const bias = context.tensor('bias');
  const value = context.value(layer.outputShape, activation);
  // A layer without a bias gets memory that nobody reads.
  const none = bias ? undefined : context.kept('no_bias', units);
  context.forward(denseForward, shape, { x: x.ref, w: kernel.w, b: bias?.w ?? none!, y: value.ref });
  return {
    value,
    backward: (dy) => {
      if (kernel.dw) {
        context.noteDense({ x: x.ref, dy, inputs, outputs: units, useBias });
        const wKernel = shape.inChannels % 4 === 0 ? denseBackwardW : denseBackwardWNarrow;
        context.backward(wKernel, shape, { x: x.ref, dy, dw: kernel.dw, db: bias?.dw ?? none! });
      }
      const target = context.gradient(0);
      if (!target) return;
      const inner = { ...shape, inActivation: target.activation };
      context.backward(denseBackwardX, inner, {
        w: kernel.w,
        dy,
        dx: target.dx,
        ...(target.activation !== 'linear' && { x: x.ref }),
      });
    },
  };
};
