import { averagePoolBackward, averagePoolForward } from '../../kernels/average_pool.ts';
import type { Lowering } from '../lowering.ts';
import { poolShape } from './max_pooling2d.ts';

export const lowerAveragePooling2d: Lowering<'averagePooling2d'> = (layer, context) => {
  const { x } = context;
  const shape = { ...poolShape(layer, context.batch), inActivation: x.activation };
  const value = context.value(layer.outputShape, 'linear');
  context.forward(averagePoolForward, shape, { x: x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const target = context.gradient();
      if (!target) return;
      const inner = { ...shape, inActivation: target.activation };
      const derivative = target.activation !== 'linear' && { x: x.ref };
      context.backward(averagePoolBackward, inner, { dy, dx: target.dx, ...derivative });
    },
  };
};
