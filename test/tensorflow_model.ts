import * as tfl from '@tensorflow/tfjs-layers';
import type { Model } from '../src/index.ts';
import { type CompiledLayer, compileModel } from '../src/model/graph.ts';

/**
 * A model's graph in TensorFlow.js' layers, which have Keras' names and options, and so do wgrad's. Weights have the same
 * order; initial values are set from outside.
 */
export function tensorflowModel(model: Model): tfl.LayersModel {
  const { inputShape, layers, order, output } = compileModel(model);
  const input = tfl.input({ shape: [...inputShape] });
  const values: tfl.SymbolicTensor[] = [];
  for (const index of order) {
    const inputs = layers[index]!.inputs.map((i) => (i < 0 ? input : values[i]!));
    values[index] = layerOf(layers[index]!).apply(inputs.length > 1 ? inputs : inputs[0]!) as tfl.SymbolicTensor;
  }
  return tfl.model({ inputs: input, outputs: values[output]! });
}

function layerOf({ type, name, config }: CompiledLayer): tfl.layers.Layer {
  const make = (tfl.layers as unknown as Record<string, ((options: object) => tfl.layers.Layer) | undefined>)[type];
  if (!make) throw new Error(`TensorFlow.js has no layer ${type}`);
  const { inputs: _, type: __, groups: ___, ...options } = config as unknown as Record<string, unknown>;
  // Their initializers have other names for their options, and the values that they sample are replaced anyway.
  const kept = Object.entries(options).filter(([option]) => !/Initializer$|Regularizer$/.test(option));
  const zero = Object.keys(options).filter((option) => /(kernel|depthwise|pointwise)Initializer$/.test(option));
  return make({ ...Object.fromEntries(kept), ...Object.fromEntries(zero.map((option) => [option, 'zeros'])), name });
}
