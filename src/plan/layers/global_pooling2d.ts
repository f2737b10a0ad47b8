import {
  globalAveragePoolBackward,
  globalAveragePoolForward,
  globalMaxPoolBackward,
  globalMaxPoolForward,
} from '../../kernels/global_pool.ts';
import type { Lowering } from '../lowering.ts';

export const lowerGlobalAveragePooling2d: Lowering<'globalAveragePooling2d'> = (layer, context) => {
  const { x, batch } = context;
  const channels = layer.inputShape[2]!;
  const shape = { batch, pixels: layer.details.pixels, channels, inActivation: x.activation };
  const value = context.value(layer.outputShape, 'linear');
  context.forward(globalAveragePoolForward, shape, { x: x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const target = context.gradient();
      if (!target) return;
      const inner = { ...shape, inActivation: target.activation };
      const derivative = target.activation !== 'linear' && { x: x.ref };
      context.backward(globalAveragePoolBackward, inner, { dy, dx: target.dx, ...derivative });
    },
  };
};

/** The output of a maximum pool consists of values of the activation before it. */
export const lowerGlobalMaxPooling2d: Lowering<'globalMaxPooling2d'> = (layer, context) => {
  const { x, batch } = context;
  const channels = layer.inputShape[2]!;
  const shape = { batch, pixels: layer.details.pixels, channels, inActivation: 'linear' as const };
  const value = context.value(layer.outputShape, x.activation);
  const argmax = context.kept('argmax', batch * channels);
  context.forward(globalMaxPoolForward, shape, { x: x.ref, y: value.ref, argmax });
  return {
    value,
    backward: (dy) => {
      const dx = context.gradientOfSelection();
      if (dx) context.backward(globalMaxPoolBackward, shape, { dy, argmax, dx });
    },
  };
};
