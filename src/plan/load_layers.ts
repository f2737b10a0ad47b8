import { activationName } from '../model/activations.ts';
import type { CompiledModel } from '../model/graph.ts';
import { isBaseLayer } from './layers/index.ts';
import { setFurtherLayers } from './layers/loaded.ts';

const basicActivations = ['linear', 'relu', 'tanh', 'sigmoid'];

/**
 * Fetches the lowerings and shaders that a model needs beyond those of the basic layers: a page whose first run has none of
 * them is usable sooner. To be awaited before a model is planned.
 */
export async function loadLayers({ layers }: CompiledModel): Promise<void> {
  const isBasic = ({ type, config, activation }: (typeof layers)[number]) =>
    isBaseLayer(type) &&
    basicActivations.includes(activationName(activation)) &&
    !('groups' in config && config.groups > 1);
  if (!layers.every(isBasic)) setFurtherLayers(await import('./layers/further.ts'));
}
