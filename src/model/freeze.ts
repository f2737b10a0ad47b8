import { ConfigurationError, suggest } from '../errors.ts';
import { compileModel, type Model } from './graph.ts';
import type { LayerConfig } from './layers/index.ts';

/**
 * Freezes layers: returns the model with `trainable: false` on every layer with weights whose name matches.
 *
 * @param patterns layer names, in which `*` matches any text: `'conv2d'`, `'conv*'`, `'*'`.
 * @throws ConfigurationError if a pattern matches no layer with weights, if all layers would be frozen, or for an invalid
 * model.
 */
export function freezeLayers(model: Model, ...patterns: readonly string[]): Model {
  const { layers, tensors } = compileModel(model);
  const withWeights = new Set(tensors.map(({ layer }) => layer));
  const names = layers.filter((_, i) => withWeights.has(i)).map(({ name }) => name);
  const frozen = new Set<string>();
  for (const pattern of patterns) {
    const expression = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`);
    const matching = names.filter((name) => expression.test(name));
    if (matching.length === 0) {
      throw new ConfigurationError({
        what: 'No layer with weights has this name',
        found: pattern,
        expected: `${names.join(', ')}, or a pattern such as conv*`,
        fix: suggest(pattern, names),
      });
    }
    for (const name of matching) frozen.add(name);
  }
  const freeze = (layer: LayerConfig, i: number) => {
    const { name } = layers[i]!;
    return frozen.has(name) ? ({ ...layer, trainable: false } as LayerConfig) : layer;
  };
  const result = { ...model, layers: model.layers.map(freeze) };
  if (compileModel(result).measured.length > 0) return result;
  throw new ConfigurationError({
    what: 'All layers with weights would be frozen, so nothing would be trained',
    found: patterns.join(', '),
    expected: `some of ${names.join(', ')}`,
  });
}

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
