import { layerNames } from './graph.ts';
import type { LayerConfig } from './layers/index.ts';
import { images, imagesName } from './wiring.ts';

/**
 * Reorders the layers of a model; some may be removed and others added. Automatic names and relative inputs would then
 * refer to other layers, so each layer's `inputs` are rewritten to refer to the same layers as before. A removed layer is
 * replaced by its own first input. A layer without `inputs` still takes the one before it.
 *
 * @param order the new order: indices in `layers`, or new layers whose `inputs` use the existing names.
 */
export function reconnect(layers: readonly LayerConfig[], order: readonly (number | LayerConfig)[]): LayerConfig[] {
  const moved = order.map((each) => (typeof each === 'number' ? layers[each]! : each));
  const before = layerNames({ layers } as never);
  const after = layerNames({ layers: moved } as never);
  const placeNow = new Map(order.flatMap((each, now) => (typeof each === 'number' ? [[each, now] as const] : [])));

  /** Previous index of an input; undefined for a name that no layer has. */
  const placeBefore = (input: string | number, own: number): number | undefined => {
    if (typeof input === 'number') return own + input;
    const at = before.indexOf(input);
    return at >= 0 ? at : input === imagesName ? images : undefined;
  };
  /** The layer itself, or its input if it was removed. */
  const remaining = (at: number, seen = 0): number | undefined => {
    if (at <= images) return images;
    const now = placeNow.get(at);
    if (now !== undefined) return now;
    const input = layers[at]?.inputs?.[0];
    const next = input === undefined ? at - 1 : placeBefore(input, at);
    return next === undefined || seen > layers.length ? undefined : remaining(next, seen + 1);
  };
  return moved.map((layer, now) => {
    if (!Array.isArray(layer.inputs)) return layer;
    const each = order[now]!;
    const own = typeof each === 'number' ? each : now;
    const inputs = layer.inputs.map((input) => {
      const was = placeBefore(input, own);
      const place = was === undefined ? undefined : remaining(was);
      if (place === undefined) return input;
      if (typeof input === 'number' && place < now) return place - now;
      return place === images ? imagesName : after[place]!;
    });
    return { ...layer, inputs };
  });
}
