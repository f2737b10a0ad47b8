import { betaDraw, logGammaDraw } from './beta.ts';
import { type DrawKey, drawNumber, unit } from './draws.ts';

/** Sampling of ops whose parameters depend on each other: twins of shaders/augment/*_draw.wgsl, with the same purposes. */

const whole = (key: DrawKey, purpose: number, low: number, high: number) =>
  drawNumber({ from: 'integer', low, high }, key, purpose);

/** Fisher-Yates shuffle: for each output channel, its source channel. */
export function drawChannelPermutation(key: DrawKey, purpose: number, channels: number): number[] {
  const order = Array.from({ length: channels }, (_, c) => c);
  for (let c = 0; c + 1 < channels; c++) {
    const other = whole(key, purpose + c, c, channels - 1);
    [order[c], order[other]] = [order[other]!, order[c]!];
  }
  return order;
}

/** Knuth's selection sampling: for each channel, whether it is dropped. */
export function drawChannelDrop(
  key: DrawKey,
  purpose: number,
  channels: number,
  least: number,
  most: number,
): boolean[] {
  let wanted = whole(key, purpose + channels, least, most);
  return Array.from({ length: channels }, (_, c) => {
    const isTaken = whole(key, purpose + c, 0, channels - c - 1) < wanted;
    if (isTaken) wanted--;
    return isTaken;
  });
}

/** A rectangle in an image, in pixels. */
export interface Rectangle {
  top: number;
  left: number;
  height: number;
  width: number;
}

/**
 * torchvision's RandomErasing.get_params. `sizes` are the attempted sizes before rounding: if one is very close to a half, either
 * neighbor is right.
 */
export function drawErasing(
  key: DrawKey,
  purpose: number,
  { height, width }: { height: number; width: number },
  scale: readonly [number, number],
  ratio: readonly [number, number],
): Rectangle & { sizes: number[] } {
  const sizes: number[] = [];
  for (let i = 0; i < 10; i++) {
    const area = height * width * drawNumber({ from: 'uniform', low: scale[0], high: scale[1] }, key, purpose + 2 * i);
    const aspect = drawNumber({ from: 'logUniform', low: ratio[0], high: ratio[1] }, key, purpose + 2 * i + 1);
    sizes.push(Math.sqrt(area * aspect), Math.sqrt(area / aspect));
    const [h, w] = sizes.slice(-2).map(Math.round) as [number, number];
    if (h >= height || w >= width) continue;
    return {
      top: whole(key, purpose + 20, 0, height - h),
      left: whole(key, purpose + 21, 0, width - w),
      height: h,
      width: w,
      sizes,
    };
  }
  return { top: 0, left: 0, height: 0, width: 0, sizes };
}

/** GridMask's unit size, the kept part of its edge, and the offset of the first unit. */
export function drawGridMask(
  key: DrawKey,
  purpose: number,
  units: readonly [number, number],
  ratio: number,
): { d: number; kept: number; offsetX: number; offsetY: number } {
  const d = whole(key, purpose, units[0], units[1]);
  return {
    d,
    kept: Math.min(Math.max(Math.ceil(d * ratio - 0.001), 1), d - 1),
    offsetX: whole(key, purpose + 1, 0, d - 1),
    offsetY: whole(key, purpose + 2, 0, d - 1),
  };
}

/** A row of AutoAugment's table: an op's number, its probability, and its magnitude with either sign. */
export type AutoAugmentRow = readonly [op: number, p: number, one: number, other: number];

/** For both ops of the sampled sub-policy: the number, and the magnitude with its sign. */
export function drawAutoAugment(
  key: DrawKey,
  purpose: number,
  subPolicy: readonly [AutoAugmentRow, AutoAugmentRow],
): [op: number, magnitude: number][] {
  return subPolicy.map(([op, p, one, other], i) => {
    if (!(unit(key, purpose + 2 * i) < p)) return [0, 0];
    return [op, drawNumber({ from: 'chance', p: 0.5 }, key, purpose + 2 * i + 1) === 1 ? other : one];
  });
}

/** AugMix' weights: of the original image, from Beta(alpha, alpha), and of each chain, from Dirichlet(alpha, alpha, ...). */
export function drawAugMixWeights(key: DrawKey, purpose: number, chains: number, alpha: number): number[] {
  const rest = betaDraw(key, purpose, alpha);
  const logs = Array.from({ length: chains }, (_, i) => logGammaDraw(key, purpose + 1 + i, 0, alpha));
  const gammas = logs.map((log) => Math.exp(log - Math.max(...logs)));
  const sum = gammas.reduce((a, b) => a + b);
  return [1 - rest, ...gammas.map((gamma) => (rest * gamma) / sum)];
}
