import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/** The mean of its inputs, element by element: Keras' Average. An axis of length 1 is broadcast. */
export const averageLayer = defineLayer(elementwiseMerge('average'));
