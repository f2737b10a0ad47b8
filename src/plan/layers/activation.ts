import { isFused } from '../../kernels/activation.ts';
import { activationForward } from '../../kernels/activation_layer.ts';
import { activationName } from '../../model/activations.ts';
import type { Lowering } from '../lowering.ts';
import { activateUnfused } from './unfused_activation.ts';

/** A separate dispatch, for an activation that could not be fused into the previous layer. */
export const lowerActivation: Lowering<'activation'> = (layer, context) => {
  const { x, batch } = context;
  const { activation } = layer;
  if (activationName(activation) === 'linear') return { value: x };
  if (!isFused(activation)) return activateUnfused(context, x, activation, layer.outputShape);
  const elements = batch * x.elements;
  const value = context.value(layer.outputShape, activation);
  context.forward(activationForward, { elements, activation }, { x: x.ref, y: value.ref });
  // The consumers of its output have already multiplied in the derivative.
  return { value, backward: (dy) => context.passGradient(x, dy) };
};
