import type { CompiledModel } from './graph.ts';
import { initialWeights } from './initial_weights.ts';

/** Initial weights of a model, taken from another model where possible. */
export interface TransferredWeights {
  /** Values of all tensors, in the model's order. */
  weights: Float32Array[];
  /** Names of the layers whose weights were transferred, and of those that were newly initialized. */
  transferred: string[];
  fresh: string[];
}

/**
 * Initial weights for a model that extends another one: a layer gets the weights of the other model's layer of the same name if
 * all shapes are equal; otherwise its initializer is used.
 *
 * @param from the other model's weights in Keras' order and layout.
 * @param seed for new weights.
 */
export function transferWeights(
  from: { model: CompiledModel; weights: readonly Float32Array[] },
  to: CompiledModel,
  seed: number,
): TransferredWeights {
  const weights = initialWeights(to, seed);
  const before = allTensorsByLayer(from.model);
  const transferred: string[] = [];
  const fresh: string[] = [];
  for (const [name, tensors] of allTensorsByLayer(to)) {
    const source = before.get(name);
    const fits =
      source?.length === tensors.length &&
      tensors.every(({ spec }, i) => {
        const other = source[i]!.spec;
        return spec.name === other.name && spec.shape.join() === other.shape.join();
      });
    (fits ? transferred : fresh).push(name);
    if (!fits) continue;
    for (const [i, { at }] of tensors.entries()) weights[at] = Float32Array.from(from.weights[source[i]!.at]!);
  }
  return { weights, transferred, fresh };
}

/** The tensors of each layer with weights, trainable or not, with their indices in Keras' order. */
function allTensorsByLayer({ layers, tensors }: CompiledModel) {
  const byLayer = new Map<string, { at: number; spec: CompiledModel['tensors'][number]['spec'] }[]>();
  for (const [at, { layer, spec }] of tensors.entries()) {
    const { name } = layers[layer]!;
    byLayer.set(name, [...(byLayer.get(name) ?? []), { at, spec }]);
  }
  return byLayer;
}
