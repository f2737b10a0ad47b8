import type * as v from 'valibot';
import type { optimizerDefinitions } from '../../src/model/optimizers/index.ts';
import type { OptimizerOptionsByType } from '../../src/model/optimizers/options.ts';

// The type checker holds the interfaces that a reader sees beside the schemas that check the options: each is what the other is.

type Definitions = typeof optimizerDefinitions;
type OptionsOf<T extends keyof Definitions> = Omit<v.InferInput<Definitions[T]['schema']>, 'type'>;
/** The options that one has and the other hasn't, or that have another type. */
type Different<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B ? ([A[K], B[K]] extends [B[K], A[K]] ? never : K) : K;
}[keyof A | keyof B];

export const differentOptions: {
  [T in keyof Definitions]: [Different<Required<OptimizerOptionsByType[T]>, Required<OptionsOf<T>>>] extends [never]
    ? 'none'
    : Different<Required<OptimizerOptionsByType[T]>, Required<OptionsOf<T>>>;
} = {
  adam: 'none',
  sgd: 'none',
  adamW: 'none',
  nadam: 'none',
  adamax: 'none',
  rmsprop: 'none',
  adagrad: 'none',
  lion: 'none',
  muon: 'none',
};
