import { describe, expect, test } from 'vitest';
import { firstSame, hashBytes } from '../../src/data/same_images.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('firstSame', () => {
  test('finds the first of identical images, within a part and across parts', () => {
    const parts = [bytes(1, 2, 3, 4, 1, 2, 5, 6), bytes(3, 4, 9, 9, 9, 9)];
    expect([...firstSame(parts, 2)]).toEqual([0, 1, 0, 3, 1, 5, 5]);
  });

  test.each([0, -1, 5])('images that all have the hash %i are distinguished by their bytes', (hash) => {
    const parts = [bytes(1, 2, 3, 4, 1, 2, 5, 6), bytes(3, 4, 9, 9, 9, 9)];
    expect([...firstSame(parts, 2, () => hash)]).toEqual([0, 1, 0, 3, 1, 5, 5]);
  });

  test('images that differ in one byte, at any position', () => {
    const size = 7;
    const images = new Uint8Array(size * (size + 1));
    for (let i = 0; i < size; i++) images[i * size + i] = 1;
    expect([...firstSame([images], size)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...firstSame([images], size, () => 3)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('a view that starts anywhere in its buffer', () => {
    const whole = bytes(0, 0, 0, 7, 8, 9, 7, 8, 9);
    expect([...firstSame([whole.subarray(3), whole.subarray(3, 6)], 3)]).toEqual([0, 0, 0]);
  });

  test('no images at all', () => expect([...firstSame([bytes(), bytes()], 4)]).toEqual([]));
});

// Known values of MurmurHash3_x86_32 with seed 0 (https://en.wikipedia.org/wiki/MurmurHash).
test.each([
  ['', 0],
  ['test', 0xba6bd213],
  ['Hello, world!', 0xc0363e43],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('the hash of "%s"', (text, expected) => {
  const padded = new TextEncoder().encode(`xyz${text}xyz`);
  expect(hashBytes(new DataView(padded.buffer), 3, text.length) >>> 0).toBe(expected);
});
