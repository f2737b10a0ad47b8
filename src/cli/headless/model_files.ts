import type { ClassProbability } from '../../index.ts';

/** Paths at which the page fetches the model that it opens, the states that it continues from, and the pictures to classify. */
export const modelFile = 'model.wgrad';
export const stateFile = 'state.json';
export const pairFile = 'pair.json';
export const pictureFile = (index: number): string => `pictures/${index}`;

/** The prediction for a picture, or why the picture could not be read. */
export type PicturePrediction = { classes: ClassProbability[] } | { outputs: number[] } | { error: string };
