import { type DrawKey, drawNumber } from './draws.ts';

/** What ops draw whose numbers depend on each other: twins of shaders/augment/*_draw.wgsl, purposes included. */

const whole = (key: DrawKey, purpose: number, low: number, high: number) =>
  drawNumber({ from: 'integer', low, high }, key, purpose);

/** For each channel, which one it becomes: the shuffle of Fisher and Yates. */
export function drawChannelPermutation(key: DrawKey, purpose: number, channels: number): number[] {
  const order = Array.from({ length: channels }, (_, c) => c);
  for (let c = 0; c + 1 < channels; c++) {
    const other = whole(key, purpose + c, c, channels - 1);
    [order[c], order[other]] = [order[other]!, order[c]!];
  }
  return order;
}

/** For each channel, whether it is dropped: Knuth's selection sampling. */
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
