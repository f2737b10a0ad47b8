import { signal } from '@preact/signals';
import { describeModels, type ModelFacts } from '../../index.ts';

/** What layers and optimizers may say, by the schemas that check it. */
export const known = signal<ModelFacts>(describeModels());
