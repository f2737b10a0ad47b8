import { type ActivationName, activationName, type ElementwiseName } from './activations.ts';
import { type CompiledModel, compileModel, type Model } from './graph.ts';
import { activationOption } from './layer.ts';
import { compileForLoss, defaultLoss, fillLoss, type LossConfig } from './loss.ts';

/** A layer as a table of the model lists it. */
export interface LayerSummary {
  /** Its name. */
  name: string;
  /** Its type. */
  type: string;
  /** Without the batch. */
  outputShape: number[];
  /** Number of its weights, trained or not. */
  parameters: number;
  /** Positions in the list of the layers whose outputs it takes, in its order of inputs; -1 stands for the images. */
  inputs: number[];
  /** The activation, for layers that have such an option. */
  activation?: ActivationName;
  /** Present for measured layers; the activation is that of a layer after it where it has none of its own. */
  measured?: {
    /** The activation of its output. */
    activation: ElementwiseName;
    /** Among the measured layers, the one that its gradient comes from; undefined for the last. */
    next?: number | undefined;
  };
}

/**
 * The layers of a model with their names, output shapes and parameters, in order; needs no GPU.
 *
 * @throws ConfigurationError for a model that doesn't fit together.
 */
export const modelSummary = (model: Model): LayerSummary[] => summarizeLayers(compileModel(model));

/**
 * The same of a model that can be trained: one whose last layer ends as the loss needs it, by default in probabilities.
 *
 * @throws ConfigurationError for one that doesn't, or that doesn't fit together.
 */
export const classifierSummary = (model: Model, loss: LossConfig = defaultLoss): LayerSummary[] =>
  summarizeLayers(compileForLoss(model, fillLoss(loss)).model);

export function summarizeLayers(model: CompiledModel): LayerSummary[] {
  const measured = new Map(
    model.measured.map(({ layer, activation, next }) => [layer, { activation: activationName(activation), next }]),
  );
  return model.layers.map(({ name, type, outputShape, parameters, inputs, config }, index) => {
    const activation = activationOption(config);
    return {
      name,
      type,
      outputShape: [...outputShape],
      parameters,
      inputs: [...inputs],
      ...(activation && { activation }),
      ...(measured.has(index) && { measured: measured.get(index)! }),
    };
  });
}
