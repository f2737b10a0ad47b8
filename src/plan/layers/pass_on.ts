import type { LayerType } from '../../model/layers/index.ts';
import type { Lowering } from '../lowering.ts';

/** The same numbers in the same order: nothing is computed. */
export const passOn: Lowering<LayerType> = (_, { x }) => ({ value: x });
