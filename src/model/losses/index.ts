import type * as v from 'valibot';
import type { LossDefinition } from '../loss_definition.ts';
import { binaryCrossentropy } from './binary_crossentropy.ts';
import { categoricalCrossentropy } from './categorical_crossentropy.ts';
import { categoricalFocalCrossentropy } from './categorical_focal_crossentropy.ts';
import { huber } from './huber.ts';
import { meanAbsoluteError } from './mean_absolute_error.ts';
import { meanSquaredError } from './mean_squared_error.ts';
import type { LossOptionsByType } from './options.ts';
import { sparseCategoricalCrossentropy } from './sparse_categorical_crossentropy.ts';

/** Every loss, in the order in which lists show them. */
export const lossDefinitions = {
  sparseCategoricalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  binaryCrossentropy,
  meanSquaredError,
  meanAbsoluteError,
  huber,
} satisfies Record<LossType, unknown>;

type Definitions = typeof lossDefinitions;
/** The name of a loss. */
export type LossType = keyof LossOptionsByType;
export const lossTypes = Object.keys(lossDefinitions) as LossType[];

/** The options of a loss as plain JSON, including its type. */
export type LossConfigOf<T extends LossType> = { type: T } & LossOptionsByType[T];
export type FilledLossOf<T extends LossType> = v.InferOutput<Definitions[T]['schema']>;
/** A loss as plain JSON, or only its name to use its defaults. */
export type LossConfig = { [T in LossType]: LossConfigOf<T> }[LossType] | LossType;
export type FilledLoss = { [T in LossType]: FilledLossOf<T> }[LossType];

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const lossDefinition = (type: LossType): LossDefinition<any> => lossDefinitions[type];
