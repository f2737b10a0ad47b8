/** The product of all numbers: the elements of a shape. 1 where there are none. */
export const product = (numbers: readonly number[]): number => numbers.reduce((whole, each) => whole * each, 1);
