import { product } from '../product.ts';
import { pathFrom } from './path.ts';
import type { JudgedLayer } from './verdicts.ts';

/** Decline of the gradient from the last hidden layer to an earlier layer. */
export interface Decline {
  /** RMS of the layer's delta over that of the last hidden layer. */
  share: number;
  /** Geometric mean of the factors by which each layer scales the gradient. */
  each: number;
  hops: number;
}

/**
 * The decline to a layer if it is steady: the layer and those between it and the last hidden layer each scale the gradient by at most
 * `most`, and there are at least two of them. The last layer is excluded, because its delta comes from the loss and has a different scale.
 */
export function steadyDecline<L extends JudgedLayer>(
  layers: readonly L[],
  at: number,
  most: number,
  transportOf: (layer: L) => number | undefined,
): Decline | undefined {
  const passed = pathFrom(layers, at)
    .slice(0, -2)
    .map((layer) => transportOf(layer) ?? Number.NaN);
  if (passed.length < 2 || !passed.every((factor) => factor > 0 && factor <= most)) return undefined;
  const share = product(passed);
  return { share, each: share ** (1 / passed.length), hops: passed.length };
}

const fractions = { half: 1 / 2, 'a third': 1 / 3, 'a quarter': 1 / 4, 'a fifth': 1 / 5 };

/** Formats a fraction: "a quarter" if it is within a tenth of it, otherwise "0.15". */
function fractionWords(value: number): string {
  const far = ([, fraction]: [string, number]) => Math.abs(value / fraction - 1);
  const nearest = Object.entries(fractions).reduce((a, b) => (far(b) < far(a) ? b : a));
  return far(nearest) <= 0.1 ? nearest[0] : String(Number(value.toPrecision(2)));
}

/** For example "each layer passes on a quarter; the first gets 1/79 of the last hidden layer's gradient". */
export function declineWords({ share, each }: Decline, name: string, isFirst: boolean): string {
  const part = `1/${Number((1 / share).toPrecision(2))}`;
  return `each layer passes on ${fractionWords(each)}; ${isFirst ? 'the first' : name} gets ${part} of the last hidden layer's gradient`;
}
