import { isFused } from '../../kernels/activation.ts';
import { activationForward } from '../../kernels/activation_layer.ts';
import { activationName } from '../../model/activations.ts';
import type { Lowering } from '../lowering.ts';
import { activateUnfused } from './unfused_activation.ts';

/** Where it could not join the layer before it. */
export const lowerActivation: Lowering<'activation'> = (layer, context) => {
  const { x, batch } = context;
  const { activation } = layer;
  if (activationName(activation) === 'linear') return { value: x };
  if (!isFused(activation)) return activateUnfused(context, x, activation, layer.outputShape);
  const elements = batch * x.elements;
  const value = context.value(layer.outputShape, activation);
  context.forward(activationForward, { elements, activation }, { x: x.ref, y: value.ref });
  // Whoever takes its output has multiplied the derivative in already.
  return { value, backward: (dy) => context.passGradient(x, dy) };
};
