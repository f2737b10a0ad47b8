import type { ActivationName } from './activations.ts';
import { type CompiledModel, compileModel, type Model, requireClassifier } from './graph.ts';

export interface LayerSummary {
  name: string;
  type: string;
  /** Without the batch. */
  outputShape: number[];
  parameters: number;
  /** Of layers with weights. */
  activation?: ActivationName;
}

/**
 * The layers of a model with their names, output shapes and parameters, in order; needs no GPU.
 *
 * @throws ConfigurationError for a model that doesn't fit together.
 */
export const modelSummary = (model: Model): LayerSummary[] => summarizeLayers(compileModel(model));

/**
 * The same of a model that can be trained: one that ends in probabilities.
 *
 * @throws ConfigurationError for one that doesn't, or that doesn't fit together.
 */
export function classifierSummary(model: Model): LayerSummary[] {
  const compiled = compileModel(model);
  requireClassifier(compiled);
  return summarizeLayers(compiled);
}

export function summarizeLayers(model: CompiledModel): LayerSummary[] {
  return model.layers.map(({ name, type, outputShape, parameters, config }) => ({
    name,
    type,
    outputShape: [...outputShape],
    parameters,
    ...('activation' in config && { activation: config.activation }),
  }));
}
