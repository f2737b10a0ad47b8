import type * as v from 'valibot';
import type { OptimizerDefinition } from '../optimizer_definition.ts';
import { adagradOptimizer } from './adagrad.ts';
import { adamOptimizer } from './adam.ts';
import { adamWOptimizer } from './adam_w.ts';
import { adamaxOptimizer } from './adamax.ts';
import { lionOptimizer } from './lion.ts';
import { muonOptimizer } from './muon.ts';
import { nadamOptimizer } from './nadam.ts';
import type { OptimizerOptionsByType } from './options.ts';
import { rmspropOptimizer } from './rmsprop.ts';
import { sgdOptimizer } from './sgd.ts';

/** Every optimizer, in the order in which lists show them. */
export const optimizerDefinitions = {
  adam: adamOptimizer,
  sgd: sgdOptimizer,
  adamW: adamWOptimizer,
  nadam: nadamOptimizer,
  adamax: adamaxOptimizer,
  rmsprop: rmspropOptimizer,
  adagrad: adagradOptimizer,
  lion: lionOptimizer,
  muon: muonOptimizer,
} satisfies Record<OptimizerType, unknown>;

type Definitions = typeof optimizerDefinitions;
/** The type of an optimizer. */
export type OptimizerType = keyof OptimizerOptionsByType;
export const optimizerTypes = Object.keys(optimizerDefinitions) as OptimizerType[];

/** An optimizer's options as plain JSON, including its type. */
export type OptimizerConfigOf<T extends OptimizerType> = { type: T } & OptimizerOptionsByType[T];
export type FilledOptimizerOf<T extends OptimizerType> = v.InferOutput<Definitions[T]['schema']>;
/** An optimizer as plain JSON, or only its name to use its defaults. */
export type OptimizerConfig = { [T in OptimizerType]: OptimizerConfigOf<T> }[OptimizerType] | OptimizerType;
export type FilledOptimizer = { [T in OptimizerType]: FilledOptimizerOf<T> }[OptimizerType];

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const optimizerDefinition = (type: OptimizerType): OptimizerDefinition<any> => optimizerDefinitions[type];
