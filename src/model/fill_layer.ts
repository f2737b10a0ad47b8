import { parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import { definitionOf, type FilledLayer, type LayerType, layerTypes } from './layers/index.ts';

/**
 * Validates one layer and fills in its defaults.
 *
 * @param position of the layer in its model, counted from 1, for error messages.
 * @throws ConfigurationError for an unknown type, option or activation, or a value out of range.
 */
export function fillLayer(layer: unknown, position: number): FilledLayer {
  const type = (layer as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !layerTypes.includes(type as LayerType)) {
    throw new ConfigurationError({
      what: `layer ${position} has an unknown type`,
      found: type ?? layer,
      expected: `one of ${layerTypes.join(', ')}`,
      ...(typeof type === 'string' && { fix: suggest(type, layerTypes) }),
    });
  }
  const definition = definitionOf(type as LayerType);
  const subject = `layer ${position} (${type})`;
  const filled = parse(definition.schema, layer, subject) as FilledLayer;
  definition.check?.(filled, subject);
  return filled;
}
