import { averagePoolBackward, averagePoolForward } from '../../kernels/average_pool.ts';
import type { Lowering } from '../lowering.ts';
import { lowerAverage } from './average.ts';
import { poolShape } from './window.ts';

export const lowerAveragePooling2d: Lowering<'averagePooling2d'> = (layer, context) => {
  const shape = { ...poolShape(layer, context.batch), inActivation: context.x.activation };
  return lowerAverage(averagePoolForward, averagePoolBackward, shape, layer.outputShape, context);
};
