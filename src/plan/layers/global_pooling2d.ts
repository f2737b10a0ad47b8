import {
  globalAveragePoolBackward,
  globalAveragePoolForward,
  globalMaxPoolBackward,
  globalMaxPoolForward,
} from '../../kernels/global_pool.ts';
import type { Lowering } from '../lowering.ts';
import { lowerAverage } from './average.ts';

export const lowerGlobalAveragePooling2d: Lowering<'globalAveragePooling2d'> = (layer, context) => {
  const { x, batch } = context;
  const channels = layer.inputShape[2]!;
  const shape = { batch, pixels: layer.details.pixels, channels, inActivation: x.activation };
  return lowerAverage(globalAveragePoolForward, globalAveragePoolBackward, shape, layer.outputShape, context);
};

/** The output of a max pool consists of values of the preceding activation. */
export const lowerGlobalMaxPooling2d: Lowering<'globalMaxPooling2d'> = (layer, context) => {
  const { x, batch } = context;
  const channels = layer.inputShape[2]!;
  const shape = { batch, pixels: layer.details.pixels, channels, inActivation: 'linear' as const };
  const value = context.selection(layer.outputShape);
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
