/** The variables that twins can differ in. */
export const variables = ['augmentation', 'optimizer', 'model', 'learning-rate'] as const;
/** What two twins differ in: `'augmentation'`, `'optimizer'`, `'model'` or `'learning-rate'`. */
export type Variable = (typeof variables)[number];
