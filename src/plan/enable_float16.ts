import { setFloat16 } from './load_kernels.ts';

/**
 * Enables the trainer option `activationStorage: 'float16'`. Call it once, before the first trainer with this option. An app that doesn't
 * call it contains no code for float16; the code is loaded with the first such trainer.
 */
export function enableFloat16(): void {
  setFloat16(() => import('./half_activations.ts'));
}
