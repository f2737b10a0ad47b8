import type { Lowering } from '../lowering.ts';

/** The same numbers in the same order: nothing is computed. */
export const lowerFlatten: Lowering<'flatten'> = (_, { inputs }) => ({ value: inputs[0]! });
