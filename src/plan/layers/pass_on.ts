import type { LayerType } from '../../model/layers/index.ts';
import type { Lowering } from '../lowering.ts';

/** The output has the input's numbers in the same order, so nothing is computed. */
export const passOn: Lowering<LayerType> = (_, { x }) => ({ value: x });
