import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/**
 * The elementwise maximum of its inputs: Keras' Maximum. An axis of length 1 is broadcast. The gradient goes to the first of
 * equal inputs.
 */
export const maximumLayer = defineLayer(elementwiseMerge('maximum'));
