import { layOut, type Tiles } from './tiles.ts';

/** Maps and units of a layer as a picture: a tile per map, or a pixel per unit. */

export interface Maps {
  tiles: Tiles;
  /** Size of a tile: [height, width]. */
  size: [height: number, width: number];
  /** The largest magnitude. */
  most: number;
}

const split = (shape: readonly number[]): [height: number, width: number, channels: number] =>
  shape.length === 3 ? (shape as [number, number, number]) : [1, 1, shape[0]!];

const isDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
/** Colors of zero, positive and negative numbers. People with color blindness can distinguish blue from orange. */
const signed = {
  light: [0xf6f6f3, 0x0072b2, 0xd55e00],
  dark: [0x26282d, 0x56b4e9, 0xee8a3c],
} as const;

/** @param most maximum number of maps, or a quarter of the number of units. */
export function signedMaps(shape: readonly number[], values: Float32Array, most = Infinity): Maps {
  const largest = values.reduce((size, value) => (Number.isFinite(value) ? Math.max(size, Math.abs(value)) : size), 0);
  const [zero, positive, negative] = signed[isDark() ? 'dark' : 'light'];
  const colorOf = (value: number, shift: number) => {
    const share = Math.min(1, Math.abs(value) / (largest || 1));
    const end = ((value < 0 ? negative : positive) >> shift) & 255;
    const begin = (zero >> shift) & 255;
    return Math.round(begin + share * (end - begin));
  };
  return maps(shape, most, largest, 3, (value, channel) => colorOf(value, 16 - 8 * channel), values);
}

/** From black for 0, or the smallest value if that is negative, to white. */
export function grayMaps(shape: readonly number[], values: Float32Array, most = Infinity): Maps {
  let [low, high] = [0, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high && value < Infinity) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return maps(shape, most, Math.max(-low, high), 1, (value) => Math.round(scale * (value - low)), values);
}

function maps(
  shape: readonly number[],
  limit: number,
  most: number,
  colors: 1 | 3,
  byte: (value: number, color: number) => number,
  values: Float32Array,
): Maps {
  const [height, width, channels] = split(shape);
  // A few units are shown in a row, each large enough to be clicked; in a thumbnail they are shown as a square.
  const isHint = limit < Infinity;
  const isImage = shape.length === 3;
  const square = isImage ? limit : 4 * limit;
  const shown = Math.min(channels, isHint ? square : Infinity);
  const columns = isHint ? Math.ceil(Math.sqrt(shown)) : isImage ? undefined : Math.min(shown, 16);
  const tiles = layOut(
    shown,
    [height, width, colors],
    (tile, y, x, color) => byte(values[(y * width + x) * channels + tile]!, color),
    columns,
  );
  return { tiles, size: [height, width], most };
}

/** The position of an output element: row, column and map, or the unit; from 0. */
export function elementAt(shape: readonly number[], unit: number): number[] {
  if (shape.length !== 3) return [unit];
  const [, width, channels] = split(shape);
  return [Math.floor(unit / channels / width), Math.floor(unit / channels) % width, unit % channels];
}

export function elementOf(shape: readonly number[], at: readonly number[]): number {
  if (shape.length !== 3) return at[0]!;
  const [, width, channels] = split(shape);
  return (at[0]! * width + at[1]!) * channels + at[2]!;
}
