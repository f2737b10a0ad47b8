import { ConfigurationError } from '../errors.ts';
import type { CompiledModel } from './graph.ts';

/** @throws ConfigurationError for a model without trainable tensors, which no step would change. */
export function requireTrained({
  layers,
  tensors,
  measured,
}: Pick<CompiledModel, 'layers' | 'tensors' | 'measured'>): void {
  if (measured.length > 0) return;
  const frozen = [...new Set(tensors.map(({ layer }) => layers[layer]!.name))];
  throw new ConfigurationError({
    what: 'The model has nothing to train',
    found: frozen.length > 0 ? `trainable: false in ${frozen.join(', ')}` : 'no layer with weights',
    expected: 'at least one layer with weights that are trained',
    fix: frozen.length > 0 ? 'set "trainable": true in one of them' : 'add a dense layer with a unit for each class',
  });
}
