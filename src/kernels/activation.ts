import type { Hole } from '../gpu/wgsl.ts';

/** The activations that work element by element; softmax belongs to the loss. */
export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid';

/** The flags of shaders/lib/activate.wgsl and derivative.wgsl. */
export function activationFlags(activation: Activation): Record<string, Hole> {
  return { relu: activation === 'relu', tanh: activation === 'tanh', sigmoid: activation === 'sigmoid' };
}
