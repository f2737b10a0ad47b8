import type { CompiledModel } from './graph.ts';
import { initialWeights } from './initializers.ts';

/** Weights of a model that begins with another one's. */
export interface TransferredWeights {
  /** The values of all tensors, in the model's order. */
  weights: Float32Array[];
  /** Names of the layers whose weights came with them, and of those that begin with new ones. */
  transferred: string[];
  fresh: string[];
}

/**
 * The weights for a model that begins with another one's: a layer takes those of the layer with its name where all shapes are
 * equal, and else begins with its initializer's.
 *
 * @param from the weights in Keras' order and layout.
 * @param seed of new weights.
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

/** The tensors of each layer that has some, whether they are trained or not, with their positions in Keras' order. */
function allTensorsByLayer({ layers, tensors }: CompiledModel) {
  const byLayer = new Map<string, { at: number; spec: CompiledModel['tensors'][number]['spec'] }[]>();
  for (const [at, { layer, spec }] of tensors.entries()) {
    const { name } = layers[layer]!;
    byLayer.set(name, [...(byLayer.get(name) ?? []), { at, spec }]);
  }
  return byLayer;
}
