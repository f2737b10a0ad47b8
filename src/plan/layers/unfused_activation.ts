import type { UnfusedActivation } from '../../kernels/activation.ts';
import { activationBackward, activationForward } from '../../kernels/activation_layer.ts';
import type { Lowered, LoweringContext, Value } from '../lowering.ts';

/** An activation whose derivative needs its input x: two separate dispatches. */
export function activateUnfused(
  context: LoweringContext,
  x: Value,
  activation: UnfusedActivation,
  shape: readonly number[],
): Lowered {
  const of = { elements: context.batch * x.elements, activation };
  const value = { ...context.value(shape, 'linear'), hasGradient: x.hasGradient };
  context.forward(activationForward, of, { x: x.ref, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const dx = context.rawGradientOf(x);
      if (dx) context.backward(activationBackward, of, { x: x.ref, dy, dx });
    },
  };
}
