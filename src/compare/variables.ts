/** The variables that twins can differ in. */
export const variables = ['augmentation', 'optimizer', 'model', 'learning-rate'] as const;
/** The variable in which two twins differ: `'augmentation'`, `'optimizer'`, `'model'` or `'learning-rate'`. */
export type Variable = (typeof variables)[number];
