import { activationName } from '../model/activations.ts';
import type { CompiledModel } from '../model/graph.ts';
import { isBasic } from './layers/index.ts';
import { setFurtherLayers } from './layers/loaded.ts';

const basicActivations = ['linear', 'relu', 'tanh', 'sigmoid'];

/**
 * Fetches the lowerings and shaders that a model needs beyond those of the basic layers: a page whose first run has none of
 * them is usable sooner. To be awaited before a model is planned.
 */
export async function loadLayers({ layers }: CompiledModel): Promise<void> {
  const needsNoMore = (layer: (typeof layers)[number]) =>
    isBasic(layer) && basicActivations.includes(activationName(layer.activation));
  if (!layers.every(needsNoMore)) setFurtherLayers(await import('./layers/further.ts'));
}
