import { describeOptions, type OptionFacts } from '../options.ts';
import { schemas as layerSchemas } from './layers.ts';
import { schemas as optimizerSchemas } from './optimizers.ts';

export interface ModelFacts {
  layers: { type: string; options: OptionFacts[] }[];
  optimizers: { type: string; options: OptionFacts[] }[];
}

/** What layers and optimizers may say, as plain JSON, from the schemas that check it: for a form. */
export function describeModels(): ModelFacts {
  const each = (schemas: Record<string, Parameters<typeof describeOptions>[0]>) =>
    Object.entries(schemas).map(([type, schema]) => ({ type, options: describeOptions(schema) }));
  return { layers: each(layerSchemas), optimizers: each(optimizerSchemas) };
}
