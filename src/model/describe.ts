import { describeOptions, type OptionFacts } from '../options.ts';
import type { LayerDefinition } from './layer.ts';
import { type LayerConfig, layerDefinitions } from './layers/index.ts';
import { lossDefinitions } from './losses/index.ts';
import { metricDefinitions } from './metrics/index.ts';
import { optimizerDefinitions } from './optimizers/index.ts';

/** A type of layer and its options. */
export interface LayerFacts {
  /** Its name in a model. */
  type: string;
  /** Its options, without `name` and `inputs`. */
  options: OptionFacts[];
  /** The layer that a form begins with. */
  starter: LayerConfig;
  /** How many layers it takes as inputs, at least. */
  leastInputs: number;
}

/** A definition that is its type and its options. */
export interface TypeFacts {
  /** Its name. */
  type: string;
  /** Its options. */
  options: OptionFacts[];
}

/** Everything that a model and its training can be made of. */
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

/** The options of layers, optimizers, losses and metrics as plain JSON, from the schemas that check them: for a form. */
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
