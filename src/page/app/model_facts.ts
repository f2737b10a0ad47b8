import { signal } from '@preact/signals';
import { describeModels, type ModelFacts } from '../../index.ts';

/** The options of layers and optimizers, from the schemas that check them. */
export const known = signal<ModelFacts>(describeModels());
