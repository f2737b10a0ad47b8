import { activationOption } from './layer.ts';
import { definitionOf, type LayerConfig, type LayerType } from './layers/index.ts';

/**
 * The option that sets a model's number of classes, and the position of its layer: the last layer, if it ends in softmax, or
 * the one before a separate softmax layer. undefined for other models, whether or not their layers fit together.
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

/** The same layers for a number of classes. */
export function withClasses(layers: readonly LayerConfig[], classes: number): readonly LayerConfig[] {
  const at = classesOption(layers);
  if (!at) return layers;
  return layers.map((layer, index) => (index === at.layer ? { ...layer, [at.option]: classes } : layer) as LayerConfig);
}

/** The same layers with so many outputs, where the last one has an option for that: numbers of an image, in place of classes. */
export function withOutputs(layers: readonly LayerConfig[], outputs: number): readonly LayerConfig[] {
  const last = layers.at(-1);
  const option = last && definitionOf(last.type as LayerType)?.outputs;
  if (!option) return withClasses(layers, outputs);
  return [...layers.slice(0, -1), { ...last, [option]: outputs } as LayerConfig];
}
