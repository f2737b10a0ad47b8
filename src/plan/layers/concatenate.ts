import { concatenateBackward, concatenateForward, concatenateShapes } from '../../kernels/concatenate.ts';
import type { Lowering } from '../lowering.ts';

export const lowerConcatenate: Lowering<'concatenate'> = (layer, context) => {
  const parts = concatenateShapes(context.batch, layer.inputShapes, layer.details.axis);
  const value = context.value(layer.outputShape, 'linear');
  context.inputs.forEach(({ ref }, i) => {
    context.forward(concatenateForward, parts[i]!, { x: ref, y: value.ref });
  });
  return {
    value,
    backward: (dy) => {
      parts.forEach((part, i) => {
        const dx = context.rawGradient(i);
        if (dx) context.backward(concatenateBackward, part, { dy, dx });
      });
    },
  };
};
