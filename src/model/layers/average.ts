import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/** The elementwise mean of its inputs: Keras' Average. An axis of length 1 is broadcast. */
export const averageLayer = defineLayer(elementwiseMerge('average'));
