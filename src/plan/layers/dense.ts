import {
  asConvolution,
  denseBackwardW,
  denseBackwardWNarrow,
  denseBackwardX,
  denseForward,
} from '../../kernels/dense.ts';
import type { Lowering } from '../lowering.ts';
import { foldNorm, planFilterGradient } from './weight_gradient.ts';

export const lowerDense: Lowering<'dense'> = (layer, context) => {
  const { x, activation, batch } = context;
  const { useBias, units: outputs } = layer.config;
  const inputs = layer.inputShape[0]!;
  const shape = asConvolution({ batch, inputs, outputs, useBias, activation, inActivation: x.activation });
  const { buffers, useBias: addsBias } = foldNorm(context, { rows: inputs, channels: outputs });
  const value = context.value(layer.outputShape);
  context.forward(denseForward, { ...shape, useBias: addsBias }, { x: x.ref, ...buffers, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const kernel = context.tensor('kernel')!;
      if (kernel.dw) context.noteDense({ x: x.ref, dy, inputs, outputs, useBias });
      planFilterGradient(context, shape.inChannels % 4 === 0 ? denseBackwardW : denseBackwardWNarrow, shape, {
        inputs: { x: x.ref, dy },
        weights: inputs * outputs,
        biases: outputs,
        kernel: 'kernel',
      });
      const target = context.gradient();
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
