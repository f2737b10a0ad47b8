import { maxPoolBackward } from '../../kernels/max_pool.ts';
import { maxPoolForward } from '../../kernels/max_pool_forward.ts';
import type { Lowering } from '../lowering.ts';
import { poolShape } from './window.ts';

/** The output of the pool consists of values of the preceding activation. */
export const lowerMaxPooling2d: Lowering<'maxPooling2d'> = (layer, context) => {
  const { x } = context;
  const shape = poolShape(layer, context.batch);
  const value = context.selection(layer.outputShape);
  const argmax = context.kept('argmax', Math.ceil((context.batch * value.elements) / 4));
  context.forward(maxPoolForward, shape, { x: x.ref, y: value.ref, argmax });
  return {
    value,
    backward: (dy) => {
      const dx = context.gradientOfSelection();
      if (dx) context.backward(maxPoolBackward, shape, { dy, argmax, dx });
    },
  };
};
