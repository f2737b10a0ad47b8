import { float16 } from '../../src/float16.ts';

/** The bits of a number in float16, independent of the shaders: the nearest half, ties to even. */
export function halfOf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  // Halfway between the largest finite half and the next power of two.
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 2 ** -30)));
  const unit = 2 ** (exponent - 10);
  const steps = size / unit;
  const below = Math.floor(steps);
  const rest = steps - below;
  const units = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // A carry into the next exponent, or from the subnormal numbers to the normal ones, is an addition of 1 to the bits.
  const bits = exponent === -14 && units < 1024 ? units : ((exponent + 15) << 10) + (units - 1024);
  return sign | bits;
}

export const rounded = (value: number): number => float16(halfOf(value));

/** Two halves per word, the first in the low bits. */
export function packedHalves(values: ArrayLike<number>): Uint32Array {
  const words = new Uint32Array(Math.ceil(values.length / 2));
  new Uint16Array(words.buffer).set(Array.from(values, halfOf));
  return words;
}

export const unpackedHalves = (words: Uint32Array, length: number): Float32Array =>
  Float32Array.from(new Uint16Array(words.buffer, words.byteOffset, 2 * words.length).subarray(0, length), float16);

/** Half the distance between neighboring halves at a value: what rounding to the nearest half may change. */
export const halfUlp = (value: number): number =>
  2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 2 ** -30))) - 11);
