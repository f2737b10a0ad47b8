import { type BorderShape, cropping2d, zeroPadding2d } from '../../kernels/border.ts';
import type { CompiledNode } from '../../model/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** @param inside shape without the border. */
const shapeOf = (
  { details }: CompiledNode<'zeroPadding2d' | 'cropping2d'>,
  { batch }: LoweringContext,
  inside: readonly number[],
): BorderShape => ({ batch, height: inside[0]!, width: inside[1]!, channels: inside[2]!, ...details });

export const lowerZeroPadding2d: Lowering<'zeroPadding2d'> = (layer, context) => {
  const shape = shapeOf(layer, context, layer.inputShape);
  const value = context.value(layer.outputShape, 'linear');
  context.forward(zeroPadding2d, shape, { x: context.x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const dx = context.rawGradient();
      if (dx) context.backward(cropping2d, shape, { x: dy, y: dx });
    },
  };
};

export const lowerCropping2d: Lowering<'cropping2d'> = (layer, context) => {
  const shape = shapeOf(layer, context, layer.outputShape);
  // The remaining pixels are values of the preceding activation.
  const value = context.selection(layer.outputShape);
  context.forward(cropping2d, shape, { x: context.x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const dx = context.gradientOfSelection();
      if (dx) context.backward(zeroPadding2d, shape, { x: dy, y: dx });
    },
  };
};
