import type { Kernel } from '../../gpu/kernel.ts';
import type { Activation } from '../../kernels/activation.ts';
import type { Lowered, LoweringContext } from '../lowering.ts';

/** Average pooling: the gradient's kernel includes the derivative of the preceding activation. */
export function lowerAverage<S extends { inActivation: Activation }>(
  forward: Kernel<S>,
  backward: Kernel<S>,
  shape: S,
  outputShape: readonly number[],
  context: LoweringContext,
): Lowered {
  const { x } = context;
  const value = context.value(outputShape, 'linear');
  context.forward(forward, shape, { x: x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const target = context.gradient();
      if (!target) return;
      const derivative = target.activation !== 'linear' && { x: x.ref };
      context.backward(backward, { ...shape, inActivation: target.activation }, { dy, dx: target.dx, ...derivative });
    },
  };
}
