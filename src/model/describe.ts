import { describeOptions, type OptionFacts } from '../options.ts';
import type { LayerDefinition } from './layer.ts';
import { type LayerConfig, layerDefinitions } from './layers/index.ts';
import { lossDefinitions } from './losses/index.ts';
import { metricDefinitions } from './metrics/index.ts';
import { optimizerDefinitions } from './optimizers/index.ts';

/** A type of layer and its options. */
export interface LayerFacts {
  /** Name of the type in a model. */
  type: string;
  /** Its options, except `name` and `inputs`. */
  options: OptionFacts[];
  /** Initial values of a form for a new layer. */
  starter: LayerConfig;
  /** Minimum number of inputs. */
  leastInputs: number;
}

/** A definition that consists of its type and its options. */
export interface TypeFacts {
  /** Name of the type. */
  type: string;
  /** Its options. */
  options: OptionFacts[];
}

/** Everything that a model and its training can be built from. */
export interface ModelFacts {
  /** Every type of layer. */
  layers: LayerFacts[];
  /** Every optimizer. */
  optimizers: TypeFacts[];
  /** Every loss. */
  losses: TypeFacts[];
  /** Every metric. */
  metrics: TypeFacts[];
}

/**
 * The options of layers, optimizers, losses and metrics as plain JSON, taken from the schemas that validate them. Used to build
 * forms.
 */
export function describeModels(): ModelFacts {
  return {
    // biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
    layers: Object.values<LayerDefinition<any, unknown>>(layerDefinitions).map(({ type, schema, starter, inputs }) => ({
      type,
      options: describeOptions(schema),
      starter: { type, ...starter } as LayerConfig,
      leastInputs: inputs?.least ?? 1,
    })),
    optimizers: factsOf(optimizerDefinitions),
    losses: factsOf(lossDefinitions),
    metrics: factsOf(metricDefinitions),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
const factsOf = (definitions: Record<string, { schema: any }>): TypeFacts[] =>
  Object.entries(definitions).map(([type, { schema }]) => ({ type, options: describeOptions(schema) }));
