import { expect, test } from 'vitest';
import { placeDrawing, placingFor } from '../../src/page/features/predict/drawn_digit.ts';
import { type Ink, inkOf, lightOnDark } from '../../src/page/features/predict/ink.ts';

const side = 20;
const shape = [side, side, 1] as const;

/** Images with a vertical stroke each, on grainy paper. */
function strokes(count: number, { paper, ink }: Ink, grain = 0): Uint8Array {
  const noise = (i: number) => Math.round(grain * Math.sin(i * 12.9898));
  return Uint8Array.from({ length: count * side * side }, (_, i) => {
    const column = i % side;
    const row = Math.floor(i / side) % side;
    const isInk = Math.abs(column - 9 - (Math.floor(i / side ** 2) % 3)) < 2 && row > 2 && row < 17;
    return Math.max(0, Math.min(255, (isInk ? ink : paper) + noise(i)));
  });
}

test.each<[string, Ink]>([
  ['light on dark', lightOnDark],
  ['dark on light', { paper: 255, ink: 0 }],
  ['pencil on gray paper', { paper: 190, ink: 70 }],
  ['chalk on a board', { paper: 60, ink: 200 }],
  ['on a middle gray', { paper: 128, ink: 20 }],
])('%s', (_, levels) => {
  expect(inkOf(strokes(40, levels), shape)).toEqual(levels);
  const { paper, ink } = inkOf(strokes(600, levels, 8), shape);
  expect(Math.abs(paper - levels.paper)).toBeLessThan(10);
  expect(Math.abs(ink - levels.ink)).toBeLessThan(10);
});

test('a few inverted images or strokes at the border do not matter', () => {
  const levels = { paper: 255, ink: 0 };
  const images = strokes(50, levels);
  images.set(strokes(10, lightOnDark));
  // Every image has ink in its first row, like digits that fill theirs.
  for (let i = 0; i < images.length; i += side * side) images.fill(0, i + 4, i + 16);
  expect(inkOf(images, shape)).toEqual(levels);
});

test('blank images have a paper level, and an ink level that is visible on it', () => {
  expect(inkOf(new Uint8Array(4 * side * side).fill(250), shape)).toEqual({ paper: 250, ink: 0 });
  expect(inkOf(new Uint8Array(4 * side * side), shape)).toEqual(lightOnDark);
});

test('a drawing has the levels of paper and ink, and those between', () => {
  const drawn = new Uint8Array(16 * 16);
  for (let y = 0; y < 16; y++) drawn.fill(y % 2 ? 255 : 0, 16 * y + 6, 16 * y + 10);
  drawn.fill(255, 6, 10);
  const levels = { paper: 200, ink: 40 };
  const placed = placeDrawing(drawn, 16, [8, 8, 1], placingFor(8), levels);
  expect(placed[0]).toBe(200);
  expect(Math.min(...placed)).toBe(40); // Two rows of strokes.
  expect(placed[4 + 8 * 4]).toBe(120); // One of the two.
  expect(new Set(placeDrawing(new Uint8Array(256), 16, [8, 8, 1], placingFor(8), levels))).toEqual(new Set([200]));
});
