import { defineLayer } from '../layer.ts';
import { elementwiseMerge } from '../merge.ts';

/** The largest of its inputs, element by element: Keras' Maximum. An axis of length 1 is broadcast; the gradient goes to the first of equal inputs. */
export const maximumLayer = defineLayer(elementwiseMerge('maximum'));
