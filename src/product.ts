/** The product of all numbers, which is the number of elements of a shape. 1 for an empty list. */
export const product = (numbers: readonly number[]): number => numbers.reduce((whole, each) => whole * each, 1);
