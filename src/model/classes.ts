import { activationOption } from './layer.ts';
import { definitionOf, type LayerConfig, type LayerType } from './layers/index.ts';

/**
 * The option that sets a model's number of classes, and the index of its layer: the last layer if it ends in softmax, or the
 * one before a separate softmax layer. Undefined for other models, whether they are valid or not.
 */
export function classesOption(layers: readonly LayerConfig[]): { layer: number; option: string } | undefined {
  const last = layers.length - 1;
  if (last < 0 || activationOption(layers[last]!) !== 'softmax') return undefined;
  const optionOf = (at: number) => layers[at] && definitionOf(layers[at].type as LayerType)?.outputs;
  for (const layer of [last, last - 1]) {
    const option = optionOf(layer);
    if (option !== undefined) return { layer, option };
    if (layers[layer]?.inputs !== undefined) return undefined;
  }
  return undefined;
}

/** The same layers for another number of classes. */
export function withClasses(layers: readonly LayerConfig[], classes: number): readonly LayerConfig[] {
  const at = classesOption(layers);
  if (!at) return layers;
  return layers.map((layer, index) => (index === at.layer ? { ...layer, [at.option]: classes } : layer) as LayerConfig);
}

/** The same layers with the given number of outputs, if the last layer has an option for it; for regression targets. */
export function withOutputs(layers: readonly LayerConfig[], outputs: number): readonly LayerConfig[] {
  const last = layers.at(-1);
  const option = last && definitionOf(last.type as LayerType)?.outputs;
  if (!option) return withClasses(layers, outputs);
  return [...layers.slice(0, -1), { ...last, [option]: outputs } as LayerConfig];
}
