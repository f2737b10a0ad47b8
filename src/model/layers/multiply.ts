import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/** The elementwise product of its inputs: Keras' Multiply. An axis of length 1 is broadcast. */
export const multiplyLayer = defineLayer(elementwiseMerge('multiply'));
