import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/** The elementwise sum of its inputs: Keras' Add. An axis of length 1 is broadcast. */
export const addLayer = defineLayer({ ...elementwiseMerge('add'), role: 'sum' });
