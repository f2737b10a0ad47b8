import { describeOptions, type OptionFacts } from '../options.ts';
import { layerDefinitions } from './layers/index.ts';
import { optimizerDefinitions } from './optimizers/index.ts';

export interface ModelFacts {
  layers: { type: string; options: OptionFacts[] }[];
  optimizers: { type: string; options: OptionFacts[] }[];
}

/** What layers and optimizers may say, as plain JSON, from the schemas that check it: for a form. */
export function describeModels(): ModelFacts {
  const each = (definitions: Record<string, { schema: Parameters<typeof describeOptions>[0] }>) =>
    Object.entries(definitions).map(([type, { schema }]) => ({ type, options: describeOptions(schema) }));
  return { layers: each(layerDefinitions), optimizers: each(optimizerDefinitions) };
}
