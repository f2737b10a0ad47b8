import { upSampling2dBackward, upSampling2dForward } from '../../kernels/up_sampling.ts';
import type { Lowering } from '../lowering.ts';

export const lowerUpSampling2d: Lowering<'upSampling2d'> = (layer, context) => {
  const [height, width, channels] = layer.inputShape as [number, number, number];
  const { interpolation } = layer.config;
  const shape = { batch: context.batch, height, width, channels, ...layer.details, interpolation };
  const value = context.value(layer.outputShape, 'linear');
  context.forward(upSampling2dForward, shape, { x: context.x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const dx = context.rawGradient();
      if (dx) context.backward(upSampling2dBackward, shape, { dy, dx });
    },
  };
};
