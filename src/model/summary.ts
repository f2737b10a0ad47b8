import { type ActivationName, activationName, type ElementwiseName } from './activations.ts';
import { type CompiledModel, compileModel, type Model } from './graph.ts';
import { activationOption } from './layer.ts';
import { compileForLoss, defaultLoss, fillLoss, type LossConfig } from './loss.ts';

/** One row of a model's summary table. */
export interface LayerSummary {
  /** Its name. */
  name: string;
  /** Its type. */
  type: string;
  /** Shape of its output, without the batch dimension. */
  outputShape: number[];
  /** Number of its weights, trainable or not. */
  parameters: number;
  /** Indices of the layers whose outputs it uses, in the order of its inputs; -1 for the images. */
  inputs: number[];
  /** The activation, for layers with that option. */
  activation?: ActivationName;
  /** Present for measured layers. */
  measured?: {
    /** The activation of its output. If the layer itself has none, this is the activation of a following activation layer. */
    activation: ElementwiseName;
    /** Index, among the measured layers, of the one that its gradient comes from; undefined for the last. */
    next?: number | undefined;
  };
}

/**
 * The layers of a model with their names, output shapes and parameters, in order. Needs no GPU.
 *
 * @throws ConfigurationError for an invalid model.
 */
export const modelSummary = (model: Model): LayerSummary[] => summarizeLayers(compileModel(model));

/**
 * Like `modelSummary`, for a model that will be trained: the activation of its last layer must fit the loss, which by default requires
 * probabilities.
 *
 * @throws ConfigurationError if it doesn't, or if the model is invalid.
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
