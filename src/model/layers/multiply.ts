import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/** The product of its inputs, element by element: Keras' Multiply. An axis of length 1 is broadcast. */
export const multiplyLayer = defineLayer(elementwiseMerge('multiply'));
