import type { Activation } from '../kernels/activation.ts';

const functions: Record<Activation, (z: number) => number> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

const derivatives: Record<Activation, (y: number) => number> = {
  linear: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  tanh: (y) => 1 - y * y,
  sigmoid: (y) => y * (1 - y),
};

/** y = act(z) */
export const activate = (activation: Activation, z: number): number => functions[activation](z);

/** act'(z), from y = act(z): what the shaders do, which keep y only. relu'(0) = 0, as in TensorFlow and PyTorch. */
export const derivative = (activation: Activation, y: number): number => derivatives[activation](y);
