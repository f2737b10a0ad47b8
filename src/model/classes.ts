import { activationOption } from './layer.ts';
import { definitionOf, type LayerConfig, type LayerType } from './layers/index.ts';

/**
 * Where a model says how many classes it tells apart: the layer, by its position, and the option of it. That is the last
 * layer, if it ends in softmax, or the one before a softmax that is a layer of its own; undefined for other models, whether
 * or not their layers fit together.
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
