import type * as v from 'valibot';
import type { ImageDataGeneratorConfig } from '../../src/augment/generator_options.ts';
import type { generatorSchema } from '../../src/augment/image_data_generator.ts';
import type { InitializerOptionsByType } from '../../src/model/initializer_options.ts';
import type { layerDefinitions } from '../../src/model/layers/index.ts';
import type { LayerOptionsByType } from '../../src/model/layers/options.ts';
import type { lossDefinitions } from '../../src/model/losses/index.ts';
import type { LossOptionsByType } from '../../src/model/losses/options.ts';
import type { metricDefinitions } from '../../src/model/metrics/index.ts';
import type { MetricOptionsByType } from '../../src/model/metrics/options.ts';
import type { optimizerDefinitions } from '../../src/model/optimizers/index.ts';
import type { OptimizerOptionsByType } from '../../src/model/optimizers/options.ts';
import type { scheduleDefinitions } from '../../src/model/schedules/index.ts';
import type { ScheduleOptionsByType } from '../../src/model/schedules/options.ts';
import type { initializerSchemas } from '../../src/model/weight_options.ts';
import type { callbackDefinitions } from '../../src/train/callbacks/index.ts';
import type { EarlyStoppingConfig, ReduceLrOnPlateauConfig } from '../../src/train/callbacks/options.ts';

// The type checker compares the documented interfaces with the schemas that validate the options: both must be equal.

/** The options that only one of them has, or that have different types. */
type Different<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B
    ? [Writable<A[K]>, Writable<B[K]>] extends [Writable<B[K]>, Writable<A[K]>]
      ? never
      : K
    : K;
}[keyof A | keyof B];
/** Interfaces have readonly lists, schemas don't. */
type Writable<T> = T extends readonly unknown[] ? { -readonly [K in keyof T]: T[K] } : T;

type Definitions = Record<string, { schema: v.GenericSchema }>;
type OptionsOf<S extends v.GenericSchema> = Required<Omit<v.InferInput<S>, 'type'>>;
/** For each definition `never`, or the options that differ. */
type Differences<D extends Definitions, Options extends Record<keyof D, object>> = {
  [T in keyof D]: Different<Required<Options[T]>, OptionsOf<D[T]['schema']>>;
};
type Holds<Found extends never> = Found;
type Every<T> = T[keyof T];

export type Layers = Holds<Every<Differences<typeof layerDefinitions, LayerOptionsByType>>>;
export type Optimizers = Holds<Every<Differences<typeof optimizerDefinitions, OptimizerOptionsByType>>>;
export type Losses = Holds<Every<Differences<typeof lossDefinitions, LossOptionsByType>>>;
export type Schedules = Holds<Every<Differences<typeof scheduleDefinitions, ScheduleOptionsByType>>>;
export type Metrics = Holds<Every<Differences<typeof metricDefinitions, MetricOptionsByType>>>;
type Initializer = typeof initializerSchemas;
export type Initializers = Holds<
  Every<{ [T in keyof Initializer]: Different<Required<InitializerOptionsByType[T]>, OptionsOf<Initializer[T]>> }>
>;
export type Generator = Holds<Different<Required<ImageDataGeneratorConfig>, OptionsOf<typeof generatorSchema>>>;
export type Callbacks = Holds<
  Every<
    Differences<
      typeof callbackDefinitions,
      { earlyStopping: EarlyStoppingConfig; reduceLrOnPlateau: ReduceLrOnPlateauConfig }
    >
  >
>;
